"""The tables of docs/scale.md, from the stored figures.

    python -m benchmarks.scale_page [--write]

It measures all groups of ``benchmarks.scale``; PostgreSQL's server must be installed. ``--write``
stores the figures in ``benchmarks/scale.json`` and writes the page.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.pages.repository import ROOT
from support.rigs.postgres_cluster import MISSING, installed

from benchmarks.page import Column, Figures, filled, machine, table
from benchmarks.scale import GROUPS, TABLES, WAITING, ScaleSize
from benchmarks.table import described_run

PAGE = ROOT / "docs" / "scale.md"
STORED = Path(__file__).parent / "scale.json"
DAY = 86_400
KEPT_DAYS = 7  # of a call in the ledger after it was listed last
OUTAGE_HOURS = 1
PEAK = 3  # the busiest hour has so many times the calls of the mean one
WORST_DAYS = 5  # the longest outage after which Plum still has the logs
LIST_LIMIT, BULK_LIMIT, REQUESTS = 1000, 200, 5.0  # PollerOptions
LISTED_HOURS = 1  # every poll lists so much
POLL = 30.0  # seconds
CONNECTIONS = 10  # of a replica at most
VOLUMES = (1_000_000, 10_000_000, 100_000_000)
GB = 1e9
HEADS = {
    "replicas": (
        "work",
        (
            Column("calls/s", "calls/s", 0),
            Column("calls/s by the model", "model", 0),
            Column("replica, ms a call", "replica ms", 2),
            Column("database, ms a call", "database ms", 2),
        ),
    ),
    "light": (
        "commits and claims only",
        (
            Column("calls/s", "calls/s", 0),
            Column("replica, ms a call", "replica ms", 2),
            Column("database, ms a call", "database ms", 2),
            Column("connections", "connections", 0),
        ),
    ),
    "waiting": (
        "without calls",
        (
            Column("database, % of a core", "database %"),
            Column("transactions/s", "transactions/s"),
            Column("connections", "connections", 0),
        ),
    ),
    "rates": (
        "",
        (
            Column("transactions", "transactions", 2),
            Column("rows written", "rows"),
            Column("batches claimed", "claims", 2),
            Column("bytes of log", "log bytes", 0),
        ),
    ),
    "tables": ("with indexes", (Column("bytes", "bytes", 0),)),
}


@dataclass(frozen=True, slots=True)
class Costs:
    """Of one call: CPU seconds of replica and database, and what the database writes and keeps."""

    replica: float
    database: float
    transactions: float
    rows: float
    log_bytes: float
    ledger_bytes: float
    waiting_bytes: float

    @classmethod
    def of(cls, figures: Figures) -> Costs:
        one = next(iter(figures["replicas"].values()))
        call = figures["rates"]["a call"]
        return cls(
            one["replica ms"] / 1e3,
            one["database ms"] / 1e3,
            call["transactions"],
            call["rows"],
            call["log bytes"],
            figures["tables"][TABLES["ledger"]]["bytes"],
            figures["tables"][WAITING]["bytes"],
        )


def account_limit() -> float:
    """Calls a day of one account whose lists and bulk requests fit into the budget of each poll of
    the busiest hour.
    """
    lists = PEAK * LISTED_HOURS / 24 / LIST_LIMIT
    logs = PEAK * POLL / DAY / BULK_LIMIT
    return REQUESTS * POLL / (lists + logs)


def volumes(costs: Costs) -> str:
    """The formulas, filled in for each volume."""
    head = " | ".join(f"{calls:,} calls a day" for calls in VOLUMES)
    lines = [f"| | formula | {head} |", f"|---|---|{'---:|' * len(VOLUMES)}"]
    for title, formula, compute in _rows(costs):
        cells = " | ".join(compute(calls) for calls in VOLUMES)
        times = formula.replace("*", "\N{MULTIPLICATION SIGN}")
        lines.append(f"| {title} | {times} | {cells} |")
    return "\n".join(lines)


def _rows(costs: Costs) -> Sequence[tuple[str, str, Any]]:
    def peak(calls: float) -> float:
        return PEAK * calls / DAY

    def cores(calls: float) -> float:
        return peak(calls) * costs.replica

    def replicas(calls: float) -> int:
        # One more than needed: one may fail.
        return int(cores(calls)) + 2

    return (
        ("accounts, at least", f"C / {account_limit():,.0f}", lambda c: f"{_accounts(c):,}"),
        ("calls a second in the busiest hour", f"{PEAK} * C / 86,400", lambda c: f"{peak(c):,.0f}"),
        ("cores of all replicas then", "calls/s * replica's CPU", lambda c: f"{cores(c):,.1f}"),
        ("replicas, with one to spare", "cores + 2, rounded down", lambda c: f"{replicas(c):,}"),
        (
            "connections",
            f"{CONNECTIONS} * replicas",
            lambda c: f"{CONNECTIONS * replicas(c):,}",
        ),
        (
            "cores of the database then",
            "calls/s * database's CPU",
            lambda c: f"{peak(c) * costs.database:,.1f}",
        ),
        (
            "transactions a second then",
            f"calls/s * {costs.transactions:.2f}",
            lambda c: f"{peak(c) * costs.transactions:,.0f}",
        ),
        (
            "rows written a second then",
            f"calls/s * {costs.rows:.1f}",
            lambda c: f"{peak(c) * costs.rows:,.0f}",
        ),
        (
            "write-ahead log a day",
            f"C * {costs.log_bytes:,.0f} bytes",
            lambda c: f"{c * costs.log_bytes / GB:,.1f} GB",
        ),
        ("rows of the ledger", f"C * {KEPT_DAYS}", lambda c: f"{c * KEPT_DAYS:,.0f}"),
        (
            "ledger",
            f"C * {KEPT_DAYS} * {costs.ledger_bytes:,.0f} bytes",
            lambda c: f"{c * KEPT_DAYS * costs.ledger_bytes / GB:,.1f} GB",
        ),
        (
            "waiting after an hour without a back end",
            f"{PEAK} * C / 24 * {costs.waiting_bytes:,.0f} bytes",
            lambda c: f"{PEAK * OUTAGE_HOURS * c / 24 * costs.waiting_bytes / GB:,.1f} GB",
        ),
        (
            "waiting after five days without a back end",
            f"C * {WORST_DAYS} * {costs.waiting_bytes:,.0f} bytes",
            lambda c: f"{WORST_DAYS * c * costs.waiting_bytes / GB:,.1f} GB",
        ),
    )


def _accounts(calls: float) -> int:
    return int(calls / account_limit()) + 1


def limits(costs: Costs) -> str:
    """What ends first, one after the other, as calls a day."""
    database = DAY / PEAK / costs.database
    replica = DAY / PEAK / costs.replica
    found = sorted(
        (
            (account_limit(), "one account: its lists and bulk requests fill the request budget"),
            (replica, "one replica: a core is busy in the busiest hour"),
            (8 * database, "a database with 8 cores"),
            (100e9 / (KEPT_DAYS * costs.ledger_bytes), "a ledger of 100 GB"),
        )
    )
    lines = ["| calls a day | what is full |", "|---:|---|"]
    return "\n".join([*lines, *(f"| {calls:,.0f} | {what} |" for calls, what in found)])


def written(page: str, figures: Figures) -> str:
    parts = {name: table(name, figures.get(name, {}), HEADS) for name in HEADS}
    costs = Costs.of(figures)
    parts |= {"volumes": volumes(costs), "limits": limits(costs)}
    return filled(page, parts | {"run": machine(figures["run"])})


def main(words: Sequence[str]) -> int:
    if words not in ([], ["--write"]):
        print("usage: python -m benchmarks.scale_page [--write]", file=sys.stderr)
        return 2
    if not installed():
        print(MISSING, file=sys.stderr)
        return 1
    load = os.getloadavg()[0]
    size = ScaleSize()
    figures: dict[str, Mapping[str, Any]] = {"run": described_run(load)}
    figures |= {
        name: {row: dict(found) for row, found in measure(size).items()}
        for name, measure in GROUPS.items()
    }
    for name in HEADS:
        print(table(name, figures[name], HEADS), end="\n\n")
    if words:
        STORED.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
        PAGE.write_text(written(PAGE.read_text(), figures))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
