"""The simulated calls themselves: reproducible, complete over any window, true to life."""

import json
import re
from collections import Counter
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuse_otel.simulator.world import World

NOW = 1_700_000_000
HOUR = 3600
RATE = 0.25  # calls a second
WORLD = World(seed=7, rate=RATE, past=3 * HOUR, start=NOW)


@cache
def calls_until_now():
    return tuple(WORLD.starting(NOW - 3 * HOUR, NOW))


@cache
def all_calls():
    return tuple(WORLD.starting(0, NOW + HOUR))


@cache
def logs():
    return {call.session_id: WORLD.entries(call.session_id) for call in calls_until_now()}


@cache
def entries():
    return tuple(entry for log in logs().values() for entry in log)


@pytest.mark.slow
def test_the_same_seed_shows_the_same_calls_and_entries():
    again = World(seed=7, rate=RATE, past=3 * HOUR, start=NOW)
    assert tuple(again.starting(NOW - 3 * HOUR, NOW)) == calls_until_now()
    some = [call.session_id for call in calls_until_now()[::10]]
    assert [again.entries(session_id) for session_id in some] == [logs()[one] for one in some]


def test_a_world_started_later_shows_the_same_past():
    later = World(seed=7, rate=RATE, past=4 * HOUR, start=NOW + HOUR)
    assert tuple(later.starting(NOW - 3 * HOUR, NOW)) == calls_until_now()


@cache
def content_since(start):
    """What the calls around ``start`` are, with times counted from it."""
    world = World(seed=7, rate=0.1, past=HOUR, start=start, origin=start - HOUR)
    calls = sorted(world.ending(0, start + HOUR), key=lambda call: call.end)
    assert all(world.find(call.session_id) == call for call in calls)
    assert min(call.start for call in calls) >= start - HOUR
    return [
        (
            (call.start - start, call.end - start),
            (call.application, call.log, call.exited),
            [entry["event"]["line"] for entry in world.entries(call.session_id)],
        )
        for call in calls
    ]


@pytest.mark.slow
@pytest.mark.parametrize("moved", [1, 86_399, 10_000_019])
def test_a_world_with_another_origin_shows_the_same_calls_at_other_times(moved):
    assert content_since(NOW) == content_since(NOW + moved)
    assert len(content_since(NOW)) == pytest.approx(0.1 * 2 * HOUR, abs=20)


def test_another_seed_shows_other_calls():
    other = World(seed=8, rate=RATE, past=3 * HOUR, start=NOW)
    assert not {call.session_id for call in other.starting(NOW - 3 * HOUR, NOW)} & set(logs())


def test_as_many_calls_come_as_the_rate_says():
    assert len(calls_until_now()) == pytest.approx(RATE * 3 * HOUR, abs=4)


def test_nothing_happens_before_the_past():
    assert min(call.start for call in WORLD.starting(0, NOW)) >= NOW - 3 * HOUR


def test_calls_go_on_after_the_start():
    assert len(list(WORLD.starting(NOW, NOW + HOUR))) == pytest.approx(RATE * HOUR, abs=4)


def test_session_ids_are_unique_and_look_like_the_documented_ones():
    crowd = list(World(seed=1, rate=300, past=20, start=NOW).starting(NOW - 20, NOW))
    assert len({call.session_id for call in crowd}) == len(crowd) > 5_000
    for call in calls_until_now():
        node, channel, stamp = call.session_id.split(";")
        assert re.fullmatch(r"\d{6}", node)
        assert re.fullmatch(r"\d{3}", channel)
        assert 9 <= call.start - int(stamp) <= 110


@given(st.integers(-300, 3 * HOUR), st.integers(0, HOUR))
def test_a_window_holds_exactly_the_calls_that_start_or_end_in_it(offset, length):
    start = NOW - 3 * HOUR + offset
    end = start + length
    for find, moment in ((WORLD.starting, "start"), (WORLD.ending, "end")):
        held = Counter(call.session_id for call in find(start, end))
        assert held == Counter(
            call.session_id for call in all_calls() if start <= getattr(call, moment) < end
        )


def test_every_call_is_found_by_its_session_id():
    assert all(WORLD.find(call.session_id) == call for call in calls_until_now())


@pytest.mark.parametrize(
    "session_id",
    ["", "x", "300060;001;1529552581", "300060;009;1699999000", "a;001;b", "1;2", "1;001;9" * 9],
)
def test_an_unknown_session_id_is_not_found(session_id):
    assert WORLD.find(session_id) is None
    with pytest.raises(KeyError):
        WORLD.entries(session_id)


def test_a_neighbour_of_a_session_id_is_not_found():
    node, channel, stamp = calls_until_now()[0].session_id.split(";")
    assert WORLD.find(f"{node};{channel};{int(stamp) + 1}") is None


def test_calls_before_the_past_are_not_found():
    short = World(seed=7, rate=RATE, past=60, start=NOW)
    assert short.find(calls_until_now()[0].session_id) is None


@pytest.mark.parametrize("given", [{"rate": 0}, {"rate": 1001}, {"rate": -1}, {"past": -1}])
def test_an_impossible_world_is_refused(given):
    with pytest.raises(ValueError, match=r"rate|past"):
        World(**given)


def test_a_world_without_a_start_begins_before_now():
    assert World(past=60).begin > NOW


def test_a_call_does_not_show_its_numbers_when_printed():
    assert repr(calls_until_now()[0]) == f"SimulatedCall({calls_until_now()[0].session_id!r})"


# --- true to life ---------------------------------------------------------------------------------

START = {"module_type", "result_variable"}
PROMPT = START | {"type", "has_audio", "revision_id", "prompt_id_type", "prompt_id", "language"}


def test_entries_have_the_documented_shape():
    for entry in entries():
        assert set(entry) == {"event", "class", "timestamp"}
        assert set(entry["event"]) == {"line", "data"}
        assert type(entry["timestamp"]) is int
        assert entry["class"] in {"info", "event", "debug", "prompt", "error"}
        assert entry["event"]["line"]


def test_prompts_have_the_keys_and_types_of_the_examples():
    prompts = [entry["event"]["data"] for entry in entries() if entry["class"] == "prompt"]
    kinds = {(name, type(value)) for data in prompts for name, value in data.items()}
    assert kinds == {(name, bool if name == "has_audio" else str) for name in PROMPT}
    assert all(data["prompt_id_type"] == "module" for data in prompts)


def test_the_examples_application_has_the_entries_of_the_documentation():
    call = next(
        call for call in calls_until_now() if call.application == "email test" and call.exited
    )
    told = [
        (entry["class"], entry["event"]["line"], set(entry["event"]["data"]))
        for entry in logs()[call.session_id]
    ]
    assert told == [
        ("info", 'Executing application "email test" version "0.2"', START),
        ("prompt", "Sending email", PROMPT),
        ("info", "Sending", START),
        ("debug", "Sent", START | {"to", "subject", "body"}),
        ("prompt", "message sent! goodbye!", PROMPT),
        ("info", "Exiting application", START),
        ("event", "Disconnecting call", START),
    ]


def test_entries_are_in_order_and_inside_their_call():
    for call in calls_until_now():
        times = [entry["timestamp"] for entry in logs()[call.session_id]]
        assert times == sorted(times)
        assert all(call.start <= time <= call.end for time in times)
        assert call.entries == len(times)


def test_a_call_says_truly_whether_it_exited():
    for call in calls_until_now():
        modules = {entry["event"]["data"].get("module_type") for entry in logs()[call.session_id]}
        assert call.exited == ("exit" in modules)


def test_entries_of_the_platform_have_no_module():
    bare = [entry for entry in entries() if not entry["event"]["data"]]
    assert bare
    assert {entry["class"] for entry in bare} == {"error"}
    assert all(set(entry["event"]["data"]) >= START for entry in entries() if entry not in bare)


@pytest.mark.parametrize(
    "module",
    [
        "call log", "compare variable", "digits", "dynamodb", "email", "evaluate js", "exit",
        "go to app", "menu", "number", "prompt", "record", "rest", "set variable", "sms", "start",
        "transfer", "yes/no",
    ],
)  # fmt: skip
def test_the_applications_use_the_module(module):
    assert any(entry["event"]["data"].get("module_type") == module for entry in entries())


@pytest.mark.parametrize(
    "line",
    [
        r"Transfer result: noanswer",
        r"Transfer result: busy",
        r"Transfer result: far_end_disconnect",
        r"Transfer result: maxtime_disconnect",
        r"No input",
        r"No match",
        r"Maximum number of attempts reached",
        r"Request failed: HTTP 5\d\d",
        r"Request timed out",
        r"User input: \d+ \(dtmf\)",
        r"User input: \d+ \(speech\)",
        r"traceparent=00-[0-9a-f]{32}-[0-9a-f]{16}-01",
        r"Message to \d+ was not accepted",
        r"ReferenceError",
        r"ProvisionedThroughputExceededException",
    ],
)
def test_the_calls_contain(line):
    assert any(re.search(line, entry["event"]["line"]) for entry in entries())


def test_some_callers_hang_up_anywhere_and_some_calls_have_no_log():
    assert 0.1 < sum(not call.exited for call in calls_until_now()) / len(calls_until_now()) < 0.4
    assert 0.01 < sum(not call.log for call in calls_until_now()) / len(calls_until_now()) < 0.06
    last = {
        logs()[call.session_id][-1]["event"]["data"].get("module_type")
        for call in calls_until_now()
        if not call.exited and call.entries
    }
    assert len(last) > 5


def test_outbound_calls_name_the_customer_as_destination():
    outbound = [call for call in calls_until_now() if call.src == "Outbound"]
    assert {call.application for call in outbound} == {"Customer Survey"}
    assert all(call.type == "outbound" and call.dest != call.number for call in outbound)
    assert {call.type for call in calls_until_now()} == {"inbound", "outbound", "transfer"}


def test_a_call_may_go_on_in_another_application():
    starts = [
        sum(
            entry["event"]["data"].get("module_type") == "start"
            for entry in logs()[call.session_id]
        )
        for call in calls_until_now()
        if call.application == "Reception"
    ]
    assert max(starts) >= 2


def test_card_numbers_are_logged_by_careless_authors_only():
    payments = [
        json.dumps(logs()[call.session_id])
        for call in calls_until_now()
        if call.application == "Pay By Phone"
    ]
    told = [log for log in payments if "card_number" in log]
    keyed = [log for log in told if re.search(r"User input: \d{15,16} ", log)]
    assert 0 < len(keyed) < len(told)


def test_long_calls_last_for_hours():
    longs = [call for call in calls_until_now() if call.application == "Conference Bridge"]
    lengths = [call.end - call.start for call in longs]
    assert any(length >= 2400 for length in lengths)
    assert max(lengths) <= 3 * HOUR
    assert max(call.end - call.start for call in calls_until_now() if call not in longs) <= 900


def test_all_numbers_and_addresses_are_invented():
    for call in calls_until_now():
        for number in {call.src, call.dest, call.number} - {"Outbound", "anonymous"}:
            assert re.fullmatch(r"\d{3}55501\d\d", number)
    text = json.dumps(entries())
    assert set(re.findall(r"@([\w.]+)", text)) == {"example.com", "orders.example.com"}
    assert set(re.findall(r"https://(?:[\w:]+@)?[\w]+\.([\w.]+)/", text)) == {"example.com"}
