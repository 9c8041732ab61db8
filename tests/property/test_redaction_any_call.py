"""Whatever a call holds: every redaction makes something of it, `standard` nothing that has the
shape of somebody's, and the careful way of `strict` is the fast one.
"""

from hypothesis import given, settings
from hypothesis import strategies as st
from support.builders.call_strategies import any_details, listed_calls, logs
from support.builders.call_values import make_call, make_entry, make_log
from support.builders.secrets import data_with, lines_with, shaped
from support.oracle.translate import transform
from support.oracle.writer import encode_logs, encode_traces
from support.scale import scaled

from fuse_otel.core.model.call import log_completeness
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.redaction_policy import (
    KeyRule,
    Mode,
    OwnRules,
    PatternRule,
    Redaction,
    TextPart,
    TextRule,
)
from fuse_otel.core.model.telemetry import Profile

RULES = OwnRules(
    allow=(KeyRule("to"), KeyRule("headers", frozenset({"rest"}))),
    drop=(KeyRule("body"),),
    patterns=(PatternRule(r"[qx]{2,}", "own"),),
    texts=tuple(map(TextRule, TextPart)),
)
_IDS = {"session.id", "log.record.uid", "user.hash", "fuse.call.destination"}


def written(telemetry):
    return encode_traces(telemetry), encode_logs(telemetry, Profile.GENERIC, "")


@settings(max_examples=scaled(50))
@given(listed_calls, logs(), any_details, st.sampled_from(Mode), st.booleans())
def test_every_redaction_makes_something_of_any_call(call, log, details, mode, ruled):
    redaction = Redaction(mode, RULES if ruled else OwnRules())
    options = ModelOptions(redaction=redaction)
    first, second = (transform(call, log, details, options) for _ in range(2))
    assert written(first) == written(second)
    assert {len(name.encode(errors="surrogatepass")) > 128 for name in names(first)} <= {False}


def names(telemetry):
    return [name for each in (*telemetry.spans, *telemetry.records) for name in each.attributes]


@settings(max_examples=scaled(50))
@given(listed_calls, logs(), any_details)
def test_the_way_that_explains_is_the_way_that_does_not(call, log, details):
    fast, careful = (
        transform(call, log, details, ModelOptions(explain=explain)) for explain in (False, True)
    )
    assert written(careful) == written(fast)
    assert careful.tally.redactions == fast.tally.redactions
    assert careful.tally.truncations == fast.tally.truncations
    noted = {rule for note in careful.tally.notes for rule in note.taken_by}
    assert noted <= set(fast.tally.redactions)


@st.composite
def personal_shapes(draw):
    """(secret, a log that holds it anywhere)."""
    secret = draw(shaped)
    places = st.tuples(
        st.sampled_from(("menu", "rest", "prompt", "call log", "start")),
        st.sampled_from(("info", "prompt", "error")),
        lines_with(secret),
        data_with(secret),
    )
    entries = [
        make_entry(line, module, "x", log_class, **data)
        for module, log_class, line, data in draw(st.lists(places, min_size=1, max_size=3))
    ]
    return secret, make_log(*entries)


def texts(telemetry):
    """Everything that leaves, a text each: names, bodies, messages, keys and values."""
    for thing in (*telemetry.spans, *telemetry.records):
        for key, value in thing.attributes.items():
            if key not in _IDS:
                yield from (key, str(value))
        yield from (getattr(thing, name, "") for name in ("name", "message", "body"))


@settings(max_examples=scaled(200))
@given(personal_shapes())
def test_standard_lets_nothing_leave_that_has_the_shape_of_somebodys(told):
    secret, log = told
    call = make_call()
    options = ModelOptions(redaction=Redaction(Mode.STANDARD))
    digits = "".join(filter(str.isdecimal, secret))
    is_number = not any(map(str.isalpha, secret))
    for text in texts(transform(call, log, log_completeness(call, log), options)):
        assert secret not in text
        if is_number:
            assert digits not in "".join(filter(str.isdecimal, text))
