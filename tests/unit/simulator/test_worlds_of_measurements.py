"""The simulated accounts that only measurements use."""

from itertools import chain

import pytest
from support.rigs.long_run.worlds import SteadyWorld, UnlikeWorld

from fuse_otel.simulator.world import World

NOW = 1_790_000_000


def logs(world, seconds=600):
    calls = sorted(world.starting(NOW - seconds, NOW), key=lambda call: call.session_id)
    return {call.session_id: world.entries(call.session_id) for call in calls}


def test_no_line_of_the_unlike_account_repeats_but_those_that_name_the_application():
    entries = list(chain.from_iterable(logs(UnlikeWorld(3, 0.1, 600, NOW)).values()))
    lines = [
        entry["event"]["line"]
        for entry in entries
        if entry["event"]["data"].get("module_type") != "start"
    ]
    assert len(lines) > 500
    assert len(set(lines)) == len(lines)


def test_the_unlike_account_has_the_same_calls_with_the_same_modules():
    usual, unlike = logs(World(3, 0.1, 600, NOW)), logs(UnlikeWorld(3, 0.1, 600, NOW))
    assert usual.keys() == unlike.keys()
    for session, entries in usual.items():
        assert visits(entries) == visits(unlike[session])


def visits(entries):
    """Where one module ends and the next begins, and the classes and times of the entries."""
    names = [entry["event"]["data"].get("result_variable") for entry in entries]
    numbers = {name: at for at, name in enumerate(dict.fromkeys(names))}
    return [
        (numbers[name], entry["class"], entry["timestamp"])
        for name, entry in zip(names, entries, strict=True)
    ]


def test_the_steady_account_has_its_rate_and_whole_logs():
    world = SteadyWorld(3, 20.0, 60, NOW)
    calls = list(world.starting(NOW - 60, NOW))
    assert len({call.session_id for call in calls}) == len(calls) == 20 * 60
    for call in calls[:200]:
        entries = world.entries(call.session_id)
        times = [entry["timestamp"] for entry in entries]
        assert len(entries) == call.entries
        assert times == sorted(times)
        assert call.start <= times[0] <= times[-1] <= call.end <= call.start + world.LONGEST


def test_the_steady_account_finds_calls_by_end_and_by_session_id():
    world = SteadyWorld(3, 2.0, 300, NOW)
    started = {call.session_id: call for call in world.starting(NOW - 300, NOW)}
    ending = list(world.ending(NOW - 100, NOW - 50))
    expected = {name for name, call in started.items() if NOW - 100 <= call.end < NOW - 50}
    assert {call.session_id for call in ending} == expected
    assert all(world.find(name) == call for name, call in started.items())
    assert world.find("3;900;5") is None
    with pytest.raises(KeyError):
        world.entries("300060;001;1529552581")
