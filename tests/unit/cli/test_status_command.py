"""``fuse-otel status`` over a store, with a daemon that holds it and without."""

import json
import os
from contextlib import closing

import pytest
from msgspec.structs import replace
from support.builders.store_values import JAEGER, LOKI, NOW, TEMPO, body, pending, seen, step
from support.rigs.job_rig import park

from fuse_otel.cli import main
from fuse_otel.cli.terminal.calls import status_lines
from fuse_otel.cli.terminal.text import paint
from fuse_otel.humanize import UNKNOWN, size
from fuse_otel.jobs.job import Backfill, encode_request
from fuse_otel.ports import (
    Gap,
    GapReason,
    JobStatus,
    JobStep,
    NumberPosition,
    ReplicaStatus,
    ReportedState,
)
from fuse_otel.store import open_store
from fuse_otel.views.problems import reported_problems
from fuse_otel.views.status_json import status_json

HOUR = 3600


@pytest.fixture
def url(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith(("FUSE_OTEL_", "OTEL_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("time.time", lambda: float(NOW))
    monkeypatch.setattr("os.getpid", lambda: 4711)
    return f"sqlite:///{tmp_path / 'state.db'}"


@pytest.fixture
def store(url):
    with closing(open_store(url, capacity=10**6, clock=lambda: NOW - 60)) as opened:
        yield opened


@pytest.fixture
def filled(store):
    """Everything that a status can tell of; held by this process."""
    lease = store.ledger.lease("main")
    park(store, JAEGER, ["parked"])
    order = store.control.add_job(encode_request(Backfill(NOW - 9 * HOUR, NOW - 4 * HOUR)), NOW)
    gap = Gap("", NOW - 9 * HOUR, NOW - 4 * HOUR, GapReason.BACKFILL, job=order.id)
    store.control.commit_job_step(JobStep(JobStatus(order.id, "working", ""), {"main": [gap]}), NOW)
    lease.commit(
        step(
            body("a", "b", lanes=[TEMPO], ends=[NOW - 120, NOW - 60]),
            positions={
                "": NumberPosition(NOW - 30, 0),
                "8005550100": NumberPosition(NOW - 80 * HOUR, 0),
            },
            seen=[seen("a"), seen("b")],
            opened=[Gap("8005550100", NOW - 7200, NOW - 7000, GapReason.ERROR)],
            given_up=[Gap("", NOW - 200 * HOUR, NOW - 199 * HOUR, GapReason.ERROR)],
            pending=[pending("c", end=NOW - 40)],
            at=NOW - 90,
            job=order.id,
        ),
    )
    store.control.report_states(
        {"main": ReportedState("up"), "other": ReportedState("down", "The API does not answer.")},
        {TEMPO: ReportedState("held", "401 Unauthorized"), LOKI: ReportedState("up")},
    )
    return store


def status(url, capsys, *flags):
    code = main(["status", "--state-url", url, *flags])
    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    return out


def test_it_shows_where_everything_stands(url, filled, capsys):
    assert status(url, capsys).replace(UNKNOWN, "-").splitlines() == [
        "Running: process 4711, since 2026-09-21 14:12:20Z.",
        "account other is down: The API does not answer.",
        "lane tempo/traces is held: 401 Unauthorized",
        "",
        "ACCOUNT  STATE  HEADROOM  READ UP TO   PENDING  CALLS  TO READ",
        "main     up     1 d 16 h  3 d 8 h ago        1      2  5 h 3 min in 2 gaps",
        "other    down          -  -                  0      0  -",
        "",
        "LANE           STATE           WAITING  OLDEST ENDED  PARKED",
        "jaeger/traces  not configured        0  -             1",
        "loki/logs      up                    0  -             0",
        "tempo/traces   held                  2  2 min ago     0",
        "",
        "ACCOUNT  NUMBER  READ UP TO             BEHIND  NEVER BEFORE",
        "main     …0100   2026-09-18 06:13:20Z  3 d 8 h  1970-01-01 00:00:00Z",
        "",
        "ACCOUNT  NUMBER  GAP FROM              TO                    REASON",
        "main     all     2026-09-21 05:13:20Z  2026-09-21 10:13:20Z  backfill",
        "main     …0100   2026-09-21 12:13:20Z  2026-09-21 12:16:40Z  error",
        "",
        "ACCOUNT  NUMBER  GIVEN UP FROM         TO                    CLOSED",
        "main     all     2026-09-13 06:13:20Z  2026-09-13 07:13:20Z  1 min 30 s ago",
        "",
        "JOB  WHAT      STATE    CALLS  TO READ",
        "  1  backfill  working      2  5 h",
        "",
        f"OUTBOX  {size(filled.control.status().used)} of 2.0 GiB (0%)",
    ]


def test_as_json_it_is_what_the_page_shows(url, filled, capsys):
    told = json.loads(status(url, capsys, "--json"))
    assert told["daemon"] == "process 4711, since 2026-09-21 14:12:20Z"
    assert told["problems"] == [
        "account other is down: The API does not answer.",
        "lane tempo/traces is held: 401 Unauthorized",
    ]
    main_account, other = told["accounts"]
    assert (other["state"], other["reason"]) == ("down", "The API does not answer.")
    assert main_account["headroom_seconds"] == 40 * HOUR
    assert [one["number"] for one in main_account["numbers"]] == [None, "…0100"]
    assert main_account["unreadable"] == [
        {
            "number": None,
            "start": NOW - 200 * HOUR,
            "end": NOW - 199 * HOUR,
            "closed_at": NOW - 90,
        }
    ]
    lanes = {f"{one['destination']}/{one['signal']}": one for one in told["lanes"]}
    assert (lanes["jaeger/traces"]["state"], lanes["jaeger/traces"]["parked"]) == (None, 1)
    assert (lanes["tempo/traces"]["state"], lanes["tempo/traces"]["calls"]) == ("held", 2)
    (order,) = told["orders"]
    assert (order["order"], order["calls"], order["entries"]) == ("backfill", 2, 14)
    assert order["left_seconds"] == 5 * HOUR
    assert order["arguments"]["start"] == NOW - 9 * HOUR


def checked(url, *flags):
    return main(["status", "--state-url", url, "--check", *flags])


def test_check_fails_while_something_is_down_and_without_a_daemon(url, filled, capsys):
    assert checked(url) == checked(url, "--json") == 1
    assert "lane tempo/traces is held: 401 Unauthorized" in capsys.readouterr().out
    up = ReportedState("up")
    filled.control.report_states({"main": up, "other": up}, {TEMPO: up, LOKI: up})
    assert checked(url) == 0
    assert "Running: process 4711" in capsys.readouterr().out
    filled.close()
    assert checked(url) == 1


@pytest.fixture
def looks(monkeypatch):
    """What happens between two looks; after the last one comes Ctrl-C."""
    steps, waited = [], []

    def sleep(seconds):
        waited.append(seconds)
        if not steps:
            raise KeyboardInterrupt
        steps.pop(0)()

    monkeypatch.setattr("fuse_otel.cli.commands.status.time.sleep", sleep)
    return steps, waited


def test_watch_shows_it_again_until_ctrl_c(url, filled, capsys, looks):
    steps, waited = looks
    steps.append(lambda: filled.control.report_states({}, {}))
    out = status(url, capsys, "--watch")
    first, second = out.split("Running: process 4711")[1:]
    assert "is held" in first
    assert "is held" not in second
    assert waited == [2.0, 2.0]
    assert "\x1b[2J" not in out


def test_watch_takes_the_seconds_and_the_last_look_decides(url, filled, capsys, looks):
    steps, waited = looks
    steps.append(filled.close)
    assert checked(url, "--watch", "0.5", "--json") == 1
    assert waited == [0.5, 0.5]
    assert capsys.readouterr().out.count('"daemon": null') == 1


def test_watch_goes_on_without_a_store(url, capsys, looks):
    looks[0].append(lambda: None)
    assert checked(url, "--watch") == 1
    assert len(set(capsys.readouterr().out.splitlines())) == 1
    assert len(looks[1]) == 2


def test_watch_clears_a_terminal(url, filled, capsys, looks, monkeypatch):
    monkeypatch.setattr("fuse_otel.cli.commands.status._look", lambda *_: (["line"], False))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert status(url, capsys, "--watch") == "\x1b[H\x1b[2J\nline\n"


def test_watch_ends_with_its_reader(url, filled, looks, monkeypatch):
    monkeypatch.setattr("fuse_otel.cli.commands.status.print_lines", lambda _: False)
    assert main(["status", "--state-url", url, "--watch"]) == 1
    assert looks[1] == []


def test_without_a_daemon_it_does_not_pretend_to_know_states(url, filled, capsys):
    filled.close()
    out = status(url, capsys)
    assert out.startswith("No daemon runs. This is how the last one left it.\n\n")
    assert "held" not in out
    assert json.loads(status(url, capsys, "--json"))["daemon"] is None


def test_a_store_that_no_daemon_has_used_has_nothing_to_show(url, store, capsys):
    store.close()
    sentence = "No daemon has run on this store yet: fuse-otel run starts one.\n"
    out = status(url, capsys)
    assert out.startswith(sentence)
    assert "No destination is configured" not in out


def test_a_lane_that_is_gone_and_empty_is_left_out(store):
    store.control.lock()
    store.control.report_states({}, {TEMPO: ReportedState("up"), LOKI: ReportedState("up")})
    store.control.report_states({}, {TEMPO: ReportedState("up")})
    text = "\n".join(
        paint(line, 80, colour=False)
        for line in status_lines(store.control.status(), "process 1", NOW, 80)
    )
    assert "tempo/traces  up" in text
    assert "loki" not in text


def test_many_gaps_are_not_all_listed(store):
    lease = store.ledger.lease("main")
    many = [Gap("", start, start + 1, GapReason.HISTORY) for start in range(25)]
    lease.commit(step(opened=many))
    lines = [
        paint(line, 80, colour=False)
        for line in status_lines(store.control.status(), None, NOW, 80)
    ]
    assert sum("history" in line for line in lines) == 10
    assert "15 more: --json lists them all." in lines


def test_the_replicas_of_a_shared_store_are_shown(store):
    replicas = (
        ReplicaStatus(
            "a process 1",
            "1.0",
            NOW - 90,
            NOW - 1,
            alive=True,
            here=False,
            accounts=("main", "second"),
        ),
        ReplicaStatus("b process 2", "1.1", NOW - 60, NOW - 30, alive=False, here=False),
        ReplicaStatus(
            "c process 3", "1.1", NOW - 60, NOW - 1, alive=True, here=False, helps=("main",)
        ),
    )
    shared = replace(store.control.status(), replicas=replicas)
    lines = [paint(line, None, colour=False) for line in status_lines(shared, "a", NOW, None)]
    one, other, helper = (line for line in lines if " process " in line)
    assert "up" in one
    assert "main, second" in one
    assert "dead" in other
    assert "part of main" in helper
    found = status_json(shared, NOW, [], "1", "a")["replicas"]
    assert [(each["alive"], each["accounts"], each["helps"]) for each in found] == [
        (True, ["main", "second"], []), (False, [], []), (True, [], ["main"]),
    ]  # fmt: skip


def lines_of(status):
    return [paint(line, None, colour=False) for line in status_lines(status, "a", NOW, None)]


def test_a_lane_that_some_replicas_cannot_serve_is_shown_with_their_names(store):
    store.control.lock()
    up, down = ReportedState("up"), ReportedState("down", "no route")
    store.control.report_states({"main": ReportedState("down", "503")}, {TEMPO: down, LOKI: up})

    def shared(*lanes):
        replicas = [
            ReplicaStatus(
                f"{name} process 1", "1", NOW, NOW, alive=name != "d", here=False,
                accounts=("main",) if name == "a" else (), exports=name != "c", lanes=reported,
            )
            for name, reported in zip("abcd", (*lanes, {}, {TEMPO: down}), strict=True)
        ]  # fmt: skip
        return replace(store.control.status(), replicas=tuple(replicas))

    some = shared({TEMPO: up, LOKI: up}, {TEMPO: down, LOKI: up})
    assert reported_problems(some) == [
        "account main is down on a process 1: 503",
        f"lane {TEMPO} is down on b process 1: no route",
    ]
    (shown,) = (line for line in lines_of(some) if line.startswith(f"{TEMPO} "))
    assert "down on 1 of 2" in shown
    (shown,) = (line for line in lines_of(some) if line.startswith(f"{LOKI} "))
    assert " on " not in shown
    lane = {"destination": TEMPO.destination, "signal": TEMPO.signal.value}
    found = status_json(some, NOW, [], "1", "a")["replicas"]
    assert found[1]["lanes"][0] == lane | {"state": "down", "reason": "no route"}
    both = shared({TEMPO: down}, {TEMPO: down})
    assert f"lane {TEMPO} is down on all 2 replicas: no route" in reported_problems(both)
    assert "down on" not in next(line for line in lines_of(both) if line.startswith(f"{TEMPO} "))


def test_colour_is_for_what_needs_a_look(store):
    full = replace(store.control.status(), used=900_000)
    (line,) = [
        line for line in status_lines(full, None, NOW, 80) if line and line[0].text == "OUTBOX  "
    ]
    assert "\x1b[1;31m" in paint(line, 80, colour=True)
    calm = replace(full, used=10)
    lines = [paint(line, 80, colour=True) for line in status_lines(calm, "process 1", NOW, 80)]
    assert not [line for line in lines if "\x1b[1;31m" in line or "\x1b[33m" in line]


def test_on_a_narrow_terminal_the_last_column_is_cut(filled):
    lines = [
        paint(line, 60, colour=False)
        for line in status_lines(filled.control.status(), "process 1", NOW, 60)
    ]
    tables = [line for line in lines if line.startswith(("main", "ACCOUNT"))]
    assert max(map(len, tables)) <= 60


def test_a_paused_lane_is_shown_with_its_time_and_counts_as_nothing_down(url, store, capsys):
    store.control.lock()
    store.control.report_states(
        {"main": ReportedState("up")}, {TEMPO: ReportedState("down", "HTTP status 503")}
    )
    assert main(["status", "--state-url", url, "--check"]) == 1
    store.control.pause([TEMPO], NOW - 3 * HOUR)
    capsys.readouterr()
    assert main(["status", "--state-url", url, "--check"]) == 0
    shown = capsys.readouterr().out
    assert "tempo/traces  paused 3 h" in shown
    assert "503" not in shown
