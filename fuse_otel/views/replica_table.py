"""The replicas that share a store, as a table for the pages and the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from fuse_otel.core.model.lane import Lane
from fuse_otel.humanize import UNKNOWN, ago
from fuse_otel.ports import ReplicaStatus, ReportedState
from fuse_otel.views.table import Cell, Severity, Table, moment_cell

_PART = "part of {}"


def replica_table(replicas: Sequence[ReplicaStatus], now: float) -> Table:
    """Without rows for a store that only one process uses."""
    heads = ("Replica", "State", "Last heartbeat", "Running since", "Version", "Reads")
    rows = [
        (
            Cell(each.name),
            Cell("up") if each.alive else Cell("dead", Severity.WARNING),
            Cell(ago(each.seen, now)),
            moment_cell(each.start),
            Cell(each.version),
            Cell(", ".join([*each.accounts, *map(_PART.format, each.helps)]) or UNKNOWN),
        )
        for each in replicas
    ]
    return Table("Replicas", "replica", heads, rows)


def alive(replicas: Sequence[ReplicaStatus]) -> Sequence[ReplicaStatus]:
    """The living daemons; a command has no lanes."""
    return [each for each in replicas if each.alive and each.exports]


def states_of_lane(
    lane: Lane, replicas: Sequence[ReplicaStatus]
) -> Sequence[tuple[str, ReportedState]]:
    """The name of each living daemon that has the lane, and what it reports of it."""
    return [(each.name, each.lanes[lane]) for each in alive(replicas) if lane in each.lanes]
