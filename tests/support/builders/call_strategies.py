"""Hypothesis: any call and any log that a value of ours can hold."""

from hypothesis import strategies as st

from fuse_otel.core.model.call import (
    CallLog,
    Direction,
    Entry,
    ListedCall,
    LogCompleteness,
    LogState,
)
from support.builders.secrets import OUR_NUMBER

any_text = st.text(
    st.one_of(st.characters(), st.sampled_from("\0\n \ud800\udfff@0123456789-")), max_size=30
)
any_seconds = st.one_of(
    st.none(),
    st.integers(1_700_000_000, 1_700_000_100),
    st.integers(-(2**70), 2**70),
)
any_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), any_text),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(any_text, inner, max_size=4)
    ),
    max_leaves=6,
)
_KNOWN_KEYS = (
    "type", "has_audio", "revision_id", "prompt_id", "prompt_id_type", "language", "attempts",
    "duration", "result", "status_code", "http_status", "status", "method", "table", "operation",
    "error", "url", "endpoint", "headers", "to", "body",
)  # fmt: skip
_keys = st.one_of(st.sampled_from(_KNOWN_KEYS), any_text)
_modules = st.one_of(
    st.none(),
    st.sampled_from(("start", "prompt", "menu", "rest", "transfer", "call log", "exit", "S3", "")),
    any_text,
)
_LINES = (
    'Executing application "A" version "1"', "User input: 1 (dtmf)", "No input", "Sending",
    "Request: GET https://a.com/api", "Request failed: HTTP 503", "Transfer result: busy",
    "Going to application B", "TypeError: x", "Exiting application",
)  # fmt: skip
_lines = st.one_of(st.sampled_from(_LINES), any_text)
_classes = st.one_of(st.sampled_from(("info", "event", "debug", "prompt", "error")), any_text)


def entries(lines=_lines, data=None, classes=_classes):
    return st.builds(
        Entry,
        index=st.just(0),
        log_class=classes,
        line=lines,
        timestamp=any_seconds,
        module_type=_modules,
        result_variable=st.one_of(st.none(), st.sampled_from(("a", "b", "")), any_text),
        data=st.dictionaries(_keys, any_json, max_size=5) if data is None else data,
    )


@st.composite
def logs(draw, of=None, states=tuple(LogState)):
    """Entries with rising indexes, of which the array may have more than there are entries."""
    state = draw(st.sampled_from(states))
    if state is not LogState.PRESENT:
        return CallLog(state)
    made, index = [], -1
    for entry in draw(st.lists(entries() if of is None else of, max_size=12)):
        index += draw(st.integers(1, 2))
        made.append(
            Entry(index, entry.log_class, entry.line, entry.timestamp, entry.module_type,
                  entry.result_variable, entry.data)
        )  # fmt: skip
    return CallLog(state, tuple(made), index + 1)


listed_calls = st.builds(
    ListedCall,
    session_id=any_text,
    start=any_seconds,
    end=any_seconds,
    direction=st.sampled_from(Direction),
    type=st.sampled_from(("", "inbound", "outbound")),
    logged=st.booleans(),
    user_hash=st.one_of(st.none(), st.just("ab" * 16)),
    destination=st.one_of(st.none(), st.just(OUR_NUMBER)),
)
any_details = st.sampled_from(LogCompleteness)
