"""The back end is away for three days: nothing is lost, and little is needed meanwhile."""

from __future__ import annotations

import pytest
from support.rigs.long_run import START, FaultInterval, LongRun
from support.scale import scaled

HOUR = 3600.0
DAYS = 3 * 24 * HOUR
POLL, SETTLE, GROW = 30, 15, 120
FOUND = 3 * HOUR  # a call that lasts for hours is found by a rescan at the latest
EXPORT = 10  # seconds a request takes: the back end is slow when it is back
MIB = 1 << 20


def outage(since: float, seconds: float) -> list[FaultInterval]:
    return [FaultInterval(lane, "503", since, since + seconds) for lane in ("traces", "logs")]


def assert_on_time(late: dict[str, int]) -> None:
    """A request that is on its way ends first."""
    bound = POLL + SETTLE + 2 + 2 * EXPORT
    assert late["exited"] <= bound
    assert late["open"] <= bound + GROW


@pytest.mark.proof
@pytest.mark.timeout(7200)
def test_three_days_without_a_back_end(tmp_path, record_figures, rescans):
    calls = scaled(1000, least=300)
    down, up = START + HOUR, START + HOUR + DAYS
    end = up + max(4 * HOUR, 0.3 * calls)
    with LongRun(
        tmp_path,
        rate=calls / DAYS,
        faults=outage(down, DAYS),
        export_seconds=EXPORT,
        # As many requests in the end, however many calls.
        most_bytes=min(3_000_000, 150 * calls),
        max_disk=max(16 * MIB, 4096 * calls),
        FUSE_OTEL_POLL_INTERVAL="20m",
        **rescans,
    ) as run:
        run.run(up)
        run.restart(FUSE_OTEL_POLL_INTERVAL=f"{POLL}s")
        stands = run.run(end)
        run.anew(FUSE_OTEL_SINCE="5d")
        anew = run.run(end + HOUR, export_seconds=0.1)
        told = run.compare(START - HOUR / 2, end - FOUND, up, again=True)
    record_figures(calls=calls, daemon=stands, second=anew, came=told)

    assert stands["most_memory"] < 150e6
    assert anew["most_memory"] < 150e6
    assert stands["most_used"] <= max(16 * MIB, 4096 * calls)
    assert stands["most_waiting"] > 0.95 * calls
    # No more than the calls that ended just now.
    assert max(stands["waiting"].values()) <= calls / DAYS * (POLL + SETTLE + GROW)
    assert stands["parked"] == stands["gaps"] == 0
    for signal in ("traces", "logs"):
        came = told[signal]
        assert came["expected"] > 0.9 * calls
        assert came["missing"] == came["several"] == 0
        assert came["again"] == came["expected"]
        assert came["unlike"] == 0
        # Inside a body calls stand by their start, and one in a hundred lasts up to three hours.
        assert came["disorder"] <= 3 * HOUR
        assert came["late"]["while_catching_up"] > 0
        assert_on_time(came["late"])


@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_at_the_cap_the_api_is_the_buffer(tmp_path, record_figures, rescans):
    calls = scaled(200, least=100)
    down, up = START + HOUR, START + 13 * HOUR
    end = up + 6 * HOUR
    # A third of what the outage makes, and the room of the ledger and the recent calls.
    cap = 1500 * calls
    with LongRun(
        tmp_path,
        rate=calls / (12 * HOUR),
        faults=outage(down, up - down),
        max_disk=cap,
        FUSE_OTEL_POLL_INTERVAL="10m",
        **rescans,
    ) as run:
        full = run.run(up)
        stands = run.run(end)
        told = run.compare(START - HOUR / 2, end - FOUND, up)
    record_figures(calls=calls, cap=cap, full=full, daemon=stands, came=told)

    assert full["most_waiting"] < 0.7 * calls
    assert stands["most_used"] <= cap
    assert stands["waiting"] == {"traces": 0, "logs": 0}
    assert stands["gaps"] == 0
    for signal in ("traces", "logs"):
        assert told[signal]["missing"] == told[signal]["several"] == 0
