"""Calls full of made-up secrets go through a whole daemon; no side of it tells one: not what it
sends, parks, stores, logs, counts, shows or answers, and no file while calls wait for their log.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.builders.secrets import (
    OUR_NUMBER,
    data_with,
    lines_with,
    names,
    phones,
    secrets,
    shaped,
)
from support.rigs.privacy_rig import KEY, MadeUpApi, PrivacyRig
from support.scale import scaled

from fuse_otel.core.model.call import CallRecord
from fuse_otel.core.redaction.pseudonym import pseudonymise

START = 1_790_000_000
_MODULES = ("start", "prompt", "menu", "rest", "transfer", "call log", "email", "evaluate js")
_CLASSES = ("info", "prompt", "event", "debug", "error", "odd")
_NUMBERS = phones.filter(lambda number: sum(map(str.isdecimal, number)) >= 10)


def entries(secret):
    return st.builds(
        lambda module, log_class, line, data: {
            "event": {
                "line": line,
                "data": {"module_type": module, "result_variable": "x", **data},
            },
            "class": log_class,
            "timestamp": START - 300,
        },
        st.sampled_from(_MODULES),
        st.sampled_from(_CLASSES),
        lines_with(secret),
        data_with(secret),
    )


@st.composite
def private_calls(draw):
    """(calls, the words nobody may see). Some exit, some hang up and wait, some cannot be read."""
    calls, hidden = [], []
    for place in range(draw(st.integers(6, 10))):
        secret, number = draw(st.one_of(secrets, shaped, names)), draw(_NUMBERS)
        outbound = draw(st.booleans())
        detail = draw(st.lists(entries(secret), min_size=1, max_size=4))
        if draw(st.booleans()):
            data = {"module_type": "exit", "result_variable": "hangup"}
            detail.append({"event": {"line": "Exiting application", "data": data}, "class": "info"})
        calls.append(
            {
                "session_id": f"30006{place};001;{START - 310 + place}",
                "start": START - 300 + place,
                "end": START - 100 + place,
                "src": "Outbound" if outbound else number,
                "dest": number if outbound else OUR_NUMBER,
                "type": number if draw(st.booleans()) else "inbound",
                "log": True,
                "detail": detail,
            }
        )
        hidden += [secret, number, "".join(filter(str.isdecimal, number))]
    return calls, hidden


def assert_hidden(hidden, what, said):
    for word in hidden:
        for form in (word, word.replace("\u00a0", "\\xa0")):
            assert form.encode() not in said, what


@pytest.mark.slow
@settings(
    max_examples=scaled(3, least=2),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(private_calls(), st.one_of(_NUMBERS, shaped))
def test_no_side_of_the_daemon_shows_personal_data(made, quoted):
    calls, hidden = made
    ids = [call["session_id"] for call in calls]
    api = MadeUpApi(calls, {ids[0]: f"database error: {quoted}"})
    hidden = [*hidden, quoted]
    with TemporaryDirectory() as folder:
        rig = PrivacyRig(Path(folder), api, START)
        rig.run(90)
        # Now calls wait, with what the list told of them.
        assert rig.poller.state().waiting
        assert_hidden(hidden, "files while calls wait", rig.files())
        rig.run(1500)
        assert rig.destinations["takes"].got
        told = [one for one in ids if rig.store.control.recent_call(one)]
        assert set(ids[1:]) <= set(told)
        for what, said in rig.sides(told):
            assert_hidden(hidden, what, said)
        assert any("user.hash" in str(got) for got in rig.destinations["takes"].got)
        rig.store.close()


def test_the_file_of_a_waiting_call_holds_its_hash_and_not_its_number(tmp_path):
    number = "2125550123"
    call = {
        "session_id": "300060;001;1529552581",
        "start": START - 60,
        "end": START - 20,
        "src": f"+1 ({number[:3]}) {number[3:6]}-{number[6:]}",
        "dest": OUR_NUMBER,
        "type": "inbound",
        "log": True,
        "detail": [],
    }
    rig = PrivacyRig(tmp_path, MadeUpApi([call], {}), START)
    rig.run(60)
    assert rig.poller.state().waiting == 1
    record = CallRecord("s", None, None, number, OUR_NUMBER, "inbound", logged=True)
    files = rig.files()
    assert pseudonymise(record, KEY).user_hash.encode() in files
    assert OUR_NUMBER.encode() in files
    for form in (number, call["src"], f"1{number}", number[3:]):
        assert form.encode() not in files
    rig.store.close()
