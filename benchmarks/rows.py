"""The groups of rows of the table: what each measures, and at which sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from statistics import median

from benchmarks import daemons, growth, long_runs, stages
from benchmarks.long_runs import POLLS, Cost
from benchmarks.other_ways import conventional, find_collector, forwarded
from benchmarks.path_of_a_call import sdk_cost
from benchmarks.recorded import Backlog, record

Row = Mapping[str, float | None]
"""Column → figure; ``None`` where nothing was measured."""
Rows = dict[str, Row]

COLLECTOR = "the Collector, which only forwards"
CONVENTIONAL = "the conventional way"
WHOLE, UNLIKE, LIVE = "whole path, backlog", "whole path, nothing repeats", "whole path, live calls"
SDK = "the SDK: its spans alone"
IDLE = "an idle daemon"
MICROSECONDS, CALLS = "µs", "calls/s"
_MB = 1e6


@dataclass(frozen=True, slots=True)
class Size:
    """``calls`` of the whole path; ``rounds`` by turns; ``backlogs`` and ``listings`` in calls,
    ``ledgers`` in rows, ``entries`` of a call, ``rates`` in calls a second. Seconds of the
    measurements in real time.
    """

    calls: int = 3000
    rounds: int = 3
    backlogs: tuple[int, ...] = (0, 10_000, 100_000)
    ledgers: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    entries: tuple[int, ...] = (5, 50, 500, 5_000)
    listings: tuple[int, ...] = (10, 100, 1_000, 10_000)
    rates: tuple[float, ...] = (1, 50, 500)
    latency_seconds: float = 60.0
    idle_seconds: float = 60.0
    starts: int = 3


@dataclass(frozen=True, slots=True)
class Group:
    """``long``: takes more than a minute or two, so ``make bench`` leaves it out."""

    name: str
    measure: Callable[[Size], Rows]
    long: bool = False


@cache
def recorded(calls: int) -> Backlog:
    return record(calls)


def cpu(size: Size) -> Rows:
    """The median of all rounds."""
    found: dict[str, list[tuple[float, float | None]]] = {}
    for _ in range(size.rounds):
        for name, (seconds, calls, entries) in _cpu_round(size).items():
            rate = calls / seconds if name.startswith("whole") and seconds > 0 else None
            found.setdefault(name, []).append((seconds / entries * 1e6, rate))
    rows: Rows = {}
    for name, rounds in found.items():
        rates = [rate for _, rate in rounds if rate is not None]
        microseconds = median(each for each, _ in rounds)
        rows[name] = {MICROSECONDS: microseconds, CALLS: median(rates) if rates else None}
    if COLLECTOR not in rows:
        rows[COLLECTOR] = {MICROSECONDS: None, CALLS: None}
    return rows


def _cpu_round(size: Size) -> dict[str, tuple[float, int, int]]:
    """Row → CPU seconds, calls, entries."""
    backlog = recorded(size.calls)
    count = len(backlog.calls), backlog.entries
    costs = {
        WHOLE: long_runs.backlog(size.calls),
        UNLIKE: long_runs.backlog(size.calls, "unlike"),
        LIVE: _live(size),
        CONVENTIONAL: conventional(size.calls),
        SDK: sdk_cost(list(backlog.calls.values())),
    }
    if collector := find_collector():
        costs[COLLECTOR] = forwarded(backlog, collector)
    found = {name: (seconds, *count) for name, seconds in stages.stages(backlog).items()}
    return found | {name: (c.seconds, c.calls, c.entries) for name, c in costs.items()}


def _live(size: Size) -> Cost:
    """Without the cost of the polls, which is a row of its own."""
    cost = long_runs.live(size.calls)
    return Cost(cost.seconds - long_runs.idle_hour().seconds, cost.calls, cost.entries)


def polls(size: Size) -> Rows:
    seconds = median(long_runs.idle_hour().seconds for _ in range(size.rounds))
    return {"a poll that finds nothing": {"ms": seconds / POLLS * 1e3}}


def memory(size: Size) -> Rows:
    rows: Rows = {}
    for calls in size.backlogs:
        cost = long_runs.backlog(calls, "steady")
        each = cost.seconds / cost.entries * 1e6 if cost.entries else None
        rows[f"{calls:,} calls"] = {"MB": cost.memory / _MB, MICROSECONDS: each}
    return rows


def latency(size: Size) -> Rows:
    rows: Rows = {}
    for rate in size.rates:
        found = daemons.latency(rate, size.latency_seconds)
        known = found.delivered > 0
        rows[f"{rate:g} calls a second"] = {
            "p50 s": found.median if known else None,
            "p99 s": found.p99 if known else None,
            "delivered %": 100 * found.delivered,
        }
    return rows


def curves(size: Size) -> Rows:
    backlog = recorded(size.calls)
    ledger = {
        f"a call's commit, ledger of {n:,} calls": growth.ledger(backlog, n) for n in size.ledgers
    }
    entries = {
        f"an entry's pure code, {n:,} entries a call": growth.entries_per_call(n)
        for n in size.entries
    }
    listings = {f"a listed call, {n:,} calls a listing": growth.listing(n) for n in size.listings}
    return _curve(ledger) | _curve(entries) | _curve(listings)


def _curve(found: Mapping[str, float]) -> Rows:
    """``times``: as a multiple of the cheapest size of the curve."""
    least = min(found.values())
    return {name: {MICROSECONDS: cost, "times": cost / least} for name, cost in found.items()}


def start(size: Size) -> Rows:
    runs = [daemons.start_and_idle(0.1) for _ in range(size.starts - 1)]
    runs.append(daemons.start_and_idle(size.idle_seconds))
    return {
        IDLE: {
            "first request s": median(run.first_request for run in runs),
            "first request cpu s": median(run.first_cpu for run in runs),
            "% of a core": 100 * runs[-1].share,
            "MB": runs[-1].memory / _MB,
        }
    }


GROUPS = {
    group.name: group
    for group in (
        Group("cpu", cpu),
        Group("polls", polls),
        Group("memory", memory, long=True),
        Group("latency", latency, long=True),
        Group("growth", curves),
        Group("start", start),
    )
}
