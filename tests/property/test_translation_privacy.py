"""What callers key, say or are told, and who they are, is in no byte that leaves."""

import json

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.builders.call_strategies import entries, listed_calls, logs
from support.builders.secrets import OUR_NUMBER, data_with, lines_with, names, secrets
from support.scale import scaled

from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.call import CallRecord, LogState, log_completeness
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.redaction.pseudonym import pseudonymise

# Words have no shape that gives them away: they may stand only where nothing is told.
words = st.one_of(secrets, names)


@st.composite
def secret_words(draw, of):
    """(secret, a log that holds it in lines and data of entries of any kind)."""
    secret = draw(of)
    made = entries(lines_with(secret), data_with(secret))
    return secret, draw(logs(made, (LogState.PRESENT,)))


def everything(call, log):
    renderer = Renderer(ModelOptions(pseudonym_key=b"key"), ())
    out = renderer.render(call, log, log_completeness(call, log))
    words = (out.traces, out.logs, repr(out.summary).encode(), repr(out.tally).encode())
    return b"\n".join(words)


def absent(secret, output):
    assert secret.encode() not in output
    for part in secret.replace("@", " ").split():
        assert len(part) < 8 or part.encode() not in output


@settings(max_examples=scaled(250))
@given(secret_words(words), listed_calls)
def test_what_a_caller_keys_or_hears_does_not_leave(told, call):
    secret, log = told
    # What stands in a name by chance may leave.
    assume(secret not in call.session_id)
    assume(not any(secret in each for entry in log.entries for each in named(entry)))
    absent(secret, everything(call, log))


def named(entry):
    return (entry.log_class.lower(), entry.module_type or "", entry.result_variable or "")


@settings(max_examples=scaled(150))
@given(st.data(), secrets)
def test_static_prompts_and_names_leave_without_numbers_and_addresses(data, secret):
    call = data.draw(listed_calls)
    assume(secret not in call.session_id)
    lines = st.sampled_from(
        [secret, f"Call {secret} now.", f'Executing application "x {secret}" version "{secret}"']
    )
    static = st.just({"type": "static", "x": secret})
    made = entries(lines, static, st.sampled_from(("prompt", "info")))
    log = data.draw(logs(made, (LogState.PRESENT,)))
    # In a name the long number of a key goes, the rest is the author's.
    if not secret.startswith("sk_live"):
        absent(secret, everything(call, log))


numbers = st.text("0123456789", min_size=10, max_size=15).filter(lambda text: text != OUR_NUMBER)


@settings(max_examples=scaled(100))
@given(numbers, st.sampled_from(["{}", "+{}", "sip:{}@10.0.0.1", "tel:{}"]), st.booleans())
def test_the_other_partys_number_does_not_leave(number, written, outbound):
    other = written.format(number)
    record = CallRecord(
        session_id="s",
        start=1_700_000_000,
        end=1_700_000_001,
        src="Outbound" if outbound else other,
        dest=other if outbound else OUR_NUMBER,
        type=f"call of {other}",
        logged=False,
    )
    call = pseudonymise(record, b"key")
    assert number not in json.dumps([str(value) for value in vars_of(call)])


def vars_of(call):
    return [getattr(call, name) for name in call.__slots__]
