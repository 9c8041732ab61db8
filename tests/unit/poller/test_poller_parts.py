"""The poller's clock, timetable and requests."""

from __future__ import annotations

from fuse_otel.core.timing.backoff import SteadyClock
from fuse_otel.core.timing.windows import HOUR, Window
from fuse_otel.errors import LeaseLost
from fuse_otel.events import StoreFailed
from fuse_otel.poller.health import AccountHealth
from fuse_otel.poller.options import PollerOptions, RescanSchedule
from fuse_otel.poller.requests import ListPage
from fuse_otel.poller.state import account_moved
from fuse_otel.poller.timetable import Timetable
from fuse_otel.ports import Gap, GapReason, NumberPosition, Position

NOW = 1_790_000_000.25


def gap(start: int, reason: GapReason = GapReason.HISTORY, gap_id: int = 1) -> Gap:
    return Gap("", start, start + 10, reason, id=gap_id)


def test_the_steady_clock_never_runs_back_and_keeps_the_pace():
    clock = SteadyClock()
    times = [clock.at(now) for now in (NOW, NOW + 5, NOW - 86_400, NOW - 86_390, NOW + 9)]
    assert times == sorted(times)
    assert times[3] - times[2] == 10
    assert clock.wall(times[-1]) == NOW + 9


def test_polls_and_rescans_have_their_times():
    timetable = Timetable(PollerOptions("a", numbers=("1", "2")), lambda: 1.0)
    assert timetable.poll_due("1", 0.0)
    timetable.polled("1", 100.0)
    assert not timetable.poll_due("1", 129.9)
    assert timetable.poll_due("2", 100.0)
    timetable.poll_by(110.0)
    assert timetable.poll_due("1", 110.0)
    due = timetable.due_rescans(100.0)
    assert [rescan.span for rescan in due] == [6 * HOUR, 24 * HOUR, 120 * HOUR]
    timetable.rescanned(due, 100.0)
    assert timetable.due_rescans(699.0) == []
    assert [rescan.span for rescan in timetable.due_rescans(700.0)] == [6 * HOUR]


def test_rescans_as_frequent_as_polls_are_part_of_them():
    options = PollerOptions(
        "a", rescans=(RescanSchedule(600, 0), RescanSchedule(7200, 20), RescanSchedule(HOUR, 60))
    )
    assert options.live_span == 7200
    assert [rescan.span for rescan in options.slower_rescans] == [HOUR]
    assert PollerOptions("a", rescans=()).live_span == HOUR


def test_the_oldest_gap_comes_first():
    timetable = Timetable(PollerOptions("a"), lambda: 1.0)
    assert timetable.next_gap([gap(50), gap(20), gap(90)], 0.0) == gap(20)
    assert timetable.next_gap([], 0.0) is None


def test_gaps_left_by_errors_take_turns_and_wait_longer_each_time():
    timetable = Timetable(PollerOptions("a"), lambda: 1.0)
    bad = [gap(20, GapReason.ERROR, 8), gap(30, GapReason.ERROR, 7)]
    assert timetable.next_gap([*bad, gap(5)], 0.0) == bad[1]
    timetable.trying(0.0)
    assert timetable.next_gap([*bad, gap(5)], 59.0) == gap(5)
    assert timetable.next_gap(bad, 59.0) is None
    assert 60.0 in timetable.times(bad)
    assert 60.0 not in timetable.times([])
    timetable.tried(answered=False)
    timetable.trying(60.0)
    assert timetable.next_gap(bad, 179.0) is None
    timetable.tried(answered=True)
    assert timetable.next_gap(bad, 61.0) == bad[1]


def test_a_probe_asks_for_a_second_before_the_window():
    page = ListPage(Window(10_000, 20_000), "7", 500, 1000)
    assert page.probe(HOUR) == ListPage(Window(6400, 6401), "7", 0, 1)


def moved(now: float, **fields: object):
    given = {"numbers": {}, "gaps": (), "due": (), "next_due": None, "waiting": 0}
    position = Position(**({"waiting_since": None} | given | fields))
    return account_moved("a", position, ("1",), now, AccountHealth())


def test_headroom_is_what_is_left_of_five_days_for_the_oldest_unread():
    numbers = {"1": NumberPosition(1000, 0), "gone": NumberPosition(5, 0)}
    days = 5 * 24 * HOUR
    assert moved(1100.0, numbers=numbers).headroom == days - 100
    assert moved(1100.0, numbers=numbers).cursor == 1000
    assert moved(1100.0, numbers=numbers, waiting_since=800).headroom == days - 300
    history, error = gap(100), gap(500, GapReason.ERROR)
    assert moved(1100.0, numbers=numbers, gaps=(history,)).headroom == days - 100
    assert moved(1100.0, numbers=numbers, gaps=(history, error)).headroom == days - 600
    assert moved(1100.0, gaps=(history, error)).gap_seconds == 20


def test_nothing_is_known_before_the_first_reading():
    assert (moved(1100.0).headroom, moved(1100.0).cursor) == (None, None)


def test_a_failure_of_the_store_is_named_in_snake_case():
    assert StoreFailed.of(LeaseLost("gone")).error_type == "lease_lost"
