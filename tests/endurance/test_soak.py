"""A week in which everything goes wrong in turn: nothing is lost, and nothing piles up."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from support.rigs.long_run import START, FaultInterval, LongRun
from support.scale import SCALE, scaled

HOUR = 3600.0
DAY = 24 * HOUR
WEEK = 7 * DAY
# Ledger rows, and the pages of a B-tree that are half full.
LEDGER_ROW = 600
MIB = 1 << 20
QUIRKS = ("total_off_by=1", "duplicate_every=5", "string_numbers=true")


def faults(dice: Random) -> Iterator[FaultInterval]:
    """Every day the API and both lanes fail for some hours, and one night everything fails."""
    for day in range(6):
        midnight = START + day * DAY
        for place, kinds in (
            ("api", ("down", "error", "error,endpoint=all_logs", "throttled,retry_after=30")),
            ("traces", ("503", "close", "401", "lost")),
            ("logs", ("500", "429", "302", "lost")),
        ):
            for _ in range(3):
                since = midnight + dice.uniform(0, 0.9 * DAY)
                yield FaultInterval(
                    place, dice.choice(kinds), since, since + dice.uniform(300, 4 * HOUR)
                )
        # All the time some requests fail.
        yield FaultInterval("api", "error,probability=0.02", midnight, midnight + DAY)
    for place in ("api", "traces", "logs"):
        kind = "down" if place == "api" else "503"
        yield FaultInterval(place, kind, START + 4.0 * DAY, START + 4.4 * DAY)


@pytest.mark.proof
@pytest.mark.timeout(7200)
def test_a_week_of_failures(tmp_path, record_figures, rescans):
    calls = scaled(300, least=100)
    tenth, end = START + 0.1 * WEEK, START + WEEK
    with LongRun(
        tmp_path,
        rate=calls / WEEK,
        faults=list(faults(Random(11))),
        quirks=QUIRKS,
        FUSE_OTEL_POLL_INTERVAL=f"{max(30, min(2400, round(2400 / SCALE)))}s",
        **rescans,
    ) as run:
        early = run.run(tenth)
        days = [run.restart() and run.run(START + day * DAY) for day in range(1, 7)]
        late = run.run(end)
        told = run.compare(START - HOUR / 2, end - 3 * HOUR)
    record_figures(calls=calls, early=early, days=days, late=late, came=told)

    assert late["memory"] < early["memory"] + 24e6
    assert late["most_memory"] < 150e6
    grown = late["disk"] - early["disk"]
    assert grown < 16 * MIB + LEDGER_ROW * late["ledger"]
    assert late["waiting"] == {"traces": 0, "logs": 0}
    assert late["parked"] == late["gaps"] == 0
    for signal in ("traces", "logs"):
        assert told[signal]["expected"] > 0.9 * calls
        assert told[signal]["missing"] == told[signal]["differing"] == 0
        assert told[signal]["several"] > 0  # answers that got lost
