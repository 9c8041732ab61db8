"""Which lanes an operator has paused: a row of ``meta`` for each, so that a restart keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fuse_otel.core.model.lane import Lane
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.store.relational import rows
from fuse_otel.store.relational.database import Connection
from fuse_otel.store.relational.queries import queries

_SQL = queries("pauses")
_PREFIX = "paused "


def pause(connection: Connection, lanes: Iterable[Lane], now: int) -> list[Lane]:
    """Those that were not paused before."""
    return [
        lane
        for lane in lanes
        if connection.execute(_SQL["pause"], rows.storable(_name(lane), now)).rowcount
    ]


def resume(connection: Connection, lanes: Iterable[Lane]) -> list[Lane]:
    """Those that were paused."""
    return [
        lane
        for lane in lanes
        if connection.execute(_SQL["resume"], rows.storable(_name(lane))).rowcount
    ]


def is_paused(connection: Connection, lane: Lane) -> bool:
    found = connection.execute(_SQL["paused_since"], rows.storable(_name(lane))).fetchone()
    return found is not None


def paused_lanes(connection: Connection) -> Mapping[Lane, int]:
    return {_lane(name): since for name, since in connection.execute(_SQL["paused"])}


def _name(lane: Lane) -> str:
    return f"{_PREFIX}{lane}"


def _lane(name: str) -> Lane:
    """The name of a destination may contain a slash, that of a signal does not."""
    destination, _, signal = name.removeprefix(_PREFIX).rpartition("/")
    return Lane(destination, rows.word(Signal, signal))
