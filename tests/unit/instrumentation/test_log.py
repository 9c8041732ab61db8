"""The daemon's own log: what is said, when, and what never is."""

import errno
import io
import json

import pytest
from msgspec.structs import fields, replace
from support.builders.every_event import EVERY_EVENT, LANE, NOW

from fuse_otel import events
from fuse_otel.instrumentation.log import Log


class Clock:
    def __init__(self):
        self.now = float(NOW)

    def __call__(self):
        return self.now


class Heard:
    """A log and what it wrote, as dictionaries."""

    def __init__(self, level="info"):
        self.stream = io.StringIO()
        self.clock = Clock()
        self.log = Log(self.stream, level, "json", self.clock)

    @property
    def lines(self):
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    @property
    def written(self):
        return [line["msg"] for line in self.lines]


@pytest.fixture
def heard():
    return Heard()


def failed(account="main", error="server_error", message="HTTP status 500"):
    return events.ApiFailed(account, "calls", error, message)


def test_a_poll_is_one_line():
    stream = io.StringIO()
    log = Log(stream, clock=Clock())
    log(events.PollDone("main", NOW, NOW - 60, NOW - 15, 5, 4, 3, 1, 2, 0.75))
    assert stream.getvalue() == (
        'ts=2026-09-21T14:13:20.000Z level=info msg="poll done" account=main '
        "from=2026-09-21T14:12:20.000Z to=2026-09-21T14:13:05.000Z "
        "listed=5 new=4 stored=3 pending=1 requests=2 seconds=0.750\n"
    )


def test_every_event_has_something_to_say():
    heard = Heard("debug")
    for event in EVERY_EVENT:
        heard.log(event)
    assert len(heard.lines) == len(EVERY_EVENT)
    assert all(list(line)[:3] == ["ts", "level", "msg"] for line in heard.lines)


def test_at_info_a_quiet_daemon_says_a_line_a_poll(heard):
    for event in EVERY_EVENT:
        if isinstance(
            event,
            events.ApiAnswered | events.ClockSkewSeen | events.CallsStored | events.ExportDone
            | events.CallsDelivered | events.CallsGrown | events.HookAnswered | events.PollDone,
        ):  # fmt: skip
            heard.log(event)
    assert heard.written == ["poll done"]


def test_the_level_is_the_lowest_that_is_written():
    heard = Heard("error")
    for event in EVERY_EVENT:
        heard.log(event)
    assert {line["level"] for line in heard.lines} == {"error"}
    assert "an interval was given up: the api no longer keeps its calls" in heard.written


def test_what_is_no_event_is_refused_loudly(heard):
    with pytest.raises(TypeError, match="no event the log knows"):
        heard.log("PollDone")


def test_the_first_failure_is_reported_at_once_and_the_flood_once_a_minute(heard):
    for _ in range(100):
        heard.log(failed())
        heard.clock.now += 1
    assert [line.get("more") for line in heard.lines] == [None, 59]
    heard.clock.now += 60
    heard.log(events.WindowMismatch("main"))
    assert [line.get("more") for line in heard.lines] == [None, 59, 40, None]


def test_another_trouble_is_reported_at_once(heard):
    for event in (failed(), failed("other"), failed(error="timeout"), failed()):
        heard.log(event)
    assert [(line["account"], line["error"]) for line in heard.lines] == [
        ("main", "server_error"), ("other", "server_error"), ("main", "timeout"),
    ]  # fmt: skip


def test_a_trouble_that_was_over_for_a_minute_is_new_when_it_comes_back(heard):
    heard.log(failed())
    heard.clock.now += 61
    heard.log(failed())
    assert [line.get("more") for line in heard.lines] == [None, None]


def test_a_summary_needs_no_further_trouble_to_be_reported(heard):
    heard.log(failed())
    heard.log(failed(message="HTTP status 502"))
    heard.clock.now += 60
    heard.log(EVERY_EVENT[5])
    assert heard.written == ["api request failed", "api request failed", "poll done"]
    assert heard.lines[1]["reason"] == "HTTP status 502"


def test_parked_calls_are_summed_up_in_calls(heard):
    for _ in range(4):
        heard.log(events.CallsParked(LANE, 10, "bad record"))
    heard.clock.now += 60
    heard.log(EVERY_EVENT[5])
    assert (heard.lines[0]["calls"], heard.lines[1]["more"]) == (10, 30)


def test_the_end_shows_what_was_held_back(heard):
    heard.log(failed())
    heard.log(failed())
    heard.log.close()
    heard.log.close()
    assert [line.get("more") for line in heard.lines] == [None, 1]


def test_an_account_is_reported_when_it_changes_not_when_it_moves(heard):
    moved = events.AccountMoved("main", up=True, cursor=1, headroom=None, pending=0, gap_seconds=0)
    for up, account in (
        (True, "main"),
        (True, "main"),
        (False, "main"),
        (False, "main"),
        (True, "main"),
        (True, "b"),
    ):
        heard.log(replace(moved, up=up, account=account))
    assert [(line["msg"], line["account"], line["level"]) for line in heard.lines] == [
        ("account up", "main", "info"), ("account down", "main", "warn"),
        ("account up", "main", "info"), ("account up", "b", "info"),
    ]  # fmt: skip


def test_an_account_that_was_not_read_yet_is_not_reported_as_down(heard):
    moved = events.AccountMoved("main", up=False, cursor=1, headroom=None, pending=0, gap_seconds=0)
    for reason in ("", "", "401 Unauthorized", "401 Unauthorized"):
        heard.log(replace(moved, reason=reason))
    assert [(line["msg"], line["reason"]) for line in heard.lines] == [
        ("account down", "401 Unauthorized")
    ]


def test_standby_is_reported_once_and_the_account_when_it_is_read_again(heard):
    moved = events.AccountMoved("main", up=True, cursor=1, headroom=None, pending=0, gap_seconds=0)
    standby = events.AccountStandby("main")
    helping = events.AccountStandby("main", helps=True)
    for event in (standby, standby, moved, moved, standby, helping, helping, standby):
        heard.log(event)
    assert [line["msg"] for line in heard.lines] == [
        "account on standby", "account up", "account on standby", "helping with an account",
        "account on standby",
    ]  # fmt: skip


def test_the_past_is_reported_once_a_minute_until_nothing_is_left():
    stream, now = io.StringIO(), NOW
    log = Log(stream, "info", "json", lambda: now)
    for hour in range(5):
        log(events.GapRead("main", "history", NOW + 3600 * hour, 3600 * (4 - hour), 10 * hour))
        now += 10
    now += 60
    log.info("any other line")
    log.close()
    first, last, _ = map(json.loads, stream.getvalue().splitlines())
    assert (first["msg"], first["level"]) == ("reading the past", "info")
    assert (first["reason"], first["left_seconds"], first["calls"]) == ("history", 14_400, 0)
    assert (last["msg"], last["left_seconds"], last["calls"]) == ("reading the past", 0, 40)
    assert last["read_up_to"] > first["read_up_to"]


def test_a_lane_is_reported_when_it_comes_and_goes(heard):
    heard.log(events.LaneChanged(LANE, up=False, reason="401 Unauthorized"))
    heard.log(events.LaneChanged(LANE, up=True, reason=""))
    down, up = heard.lines
    assert (down["msg"], down["level"], down["reason"]) == ("lane down", "warn", "401 Unauthorized")
    assert (up["msg"], up["level"], up.get("reason")) == ("lane up", "info", None)
    assert (up["destination"], up["signal"]) == ("tempo", "traces")


def test_an_export_that_was_not_accepted_is_a_warning(heard):
    heard.log(events.ExportDone(LANE, "503", "retry", 0.1, 0, 0, "HTTP status 503"))
    assert [(line["level"], line["outcome"], line["code"]) for line in heard.lines] == [
        ("warn", "retry", "503")
    ]


def test_a_line_shows_how_much_has_failed():
    stream = io.StringIO()
    log = Log(stream, "info", "json", lambda: NOW)
    log(events.ExportDone(LANE, "503", "retry", 0.1, 0, 0, "Unavailable", failed=42))
    log(events.LaneChanged(LANE, up=False, reason="401 Unauthorized", suspended=True))
    log(
        events.AccountMoved(
            account="main",
            up=False,
            cursor=NOW,
            headroom=9.0,
            pending=8,
            gap_seconds=0,
            failing=7,
            reason="no answer",
        )
    )
    export, lane, account = map(json.loads, stream.getvalue().splitlines())
    assert (export["items"], export["rejected"], export["failed"]) == (0, 0, 42)
    assert lane["suspended"] is True
    assert (account["pending"], account["failing"]) == (8, 7)


def test_a_store_that_is_gone_has_no_file_to_name(heard):
    heard.log(events.StoreMovedAside(""))
    assert "file" not in heard.lines[0]


def test_clocks_that_differ_much_are_a_warning(heard):
    heard.log(events.ClockSkewSeen("main", 4.0))
    heard.log(events.ClockSkewSeen("main", -40.0))
    assert [(line["level"], line["seconds"]) for line in heard.lines] == [("warn", -40.0)]


def test_a_good_reload_is_no_error(heard):
    heard.log(events.ConfigReloaded(successful=True, message=""))
    assert heard.lines[0]["level"] == "info"


def test_no_digits_of_anybody_are_written():
    """Whatever text an event carries: numbers in it are masked."""
    heard = Heard("debug")
    for event in EVERY_EVENT:
        texts = {
            each.name: "4155550100"
            for each in fields(event)
            if isinstance(getattr(event, each.name), str)
        }
        heard.log(replace(event, **texts))
    heard.log.warning("said 4155550100", reason="4155550100")
    assert "5550100" not in heard.stream.getvalue()
    assert heard.stream.getvalue().count("[digits]") > 20


def test_the_daemon_can_say_something_itself():
    heard = Heard("debug")
    heard.log.info("b", url="http://127.0.0.1:9464")
    heard.log.warning("c")
    heard.log.error("d")
    assert [line["level"] for line in heard.lines] == ["info", "warn", "error"]
    assert heard.lines[0]["url"] == "http://127.0.0.1:9464"


class Full:
    """The log's disk is full."""

    def write(self, text):
        raise OSError(errno.ENOSPC, "No space left on device")

    def flush(self):
        pass


def test_a_log_that_cannot_be_written_keeps_the_daemon_neither_from_starting_nor_from_ending():
    log = Log(Full())
    log.info("started", listen="127.0.0.1:9464")
    log.warning("a setting is odd")
    with pytest.raises(OSError, match="No space left"):
        log(failed())
    log.close()
