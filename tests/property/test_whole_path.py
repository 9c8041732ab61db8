"""Whatever JSON stands wherever: a call goes all the way, and protobuf's runtime reads it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.builders.mutation import KEYS, TEXTS, mutations
from support.rigs.call_path import whole_path
from support.scale import scaled

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**18, 10**40)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(TEXTS)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=12,
)
DATA = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("module_type", "result_variable", "type", "url", "headers"), JSON)
) | st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6)
ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "event": st.fixed_dictionaries({}, optional={"line": JSON, "data": DATA | JSON}) | JSON,
        "class": st.sampled_from(("prompt", "event", "error", "info")) | JSON,
        "timestamp": st.integers(1_700_000_000, 1_700_000_060) | JSON,
    },
)
LOG = st.lists(ENTRY | JSON, max_size=8)
CALL = st.fixed_dictionaries(
    {"session_id": st.sampled_from(("a;1", "b;2")) | JSON},
    optional={"detail": LOG | JSON, **dict.fromkeys(("start", "end", "src", "dest", "type"), JSON)},
)
PAGE = st.fixed_dictionaries({"calls": st.lists(CALL | JSON, max_size=4)})


@settings(max_examples=scaled(120))
@given(PAGE | LOG | JSON, st.booleans())
def test_any_json_in_any_place_goes_all_the_way(value, ascii_only):
    whole_path(json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass"))


@settings(max_examples=scaled(120))
@given(LOG)
def test_any_list_of_entries_is_a_call(log):
    assert whole_path(json.dumps(log).encode()) >= 1


@pytest.mark.parametrize("seed", range(4))
def test_samples_changed_at_random_go_all_the_way(seed):
    """The target of ``make fuzz``, each time with the same inputs."""
    found = sum(whole_path(data) for data in mutations(seed, scaled(200)))
    assert found > 0
