"""The groups of docs/scale.md: replicas over one PostgreSQL, and what follows for its size."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from support.rigs.postgres_cluster import Cluster, cluster

from benchmarks.replicas import Load, Work, idle, measure, table_sizes

Rows = dict[str, Mapping[str, float | None]]
# As a server is set up: the tests' cluster keeps nothing.
_SETTINGS = {
    "fsync": "on",
    "full_page_writes": "on",
    "autovacuum": "on",
    "shared_buffers": "256MB",
    "max_connections": "300",
    "max_wal_size": "4GB",
}


@dataclass(frozen=True, slots=True)
class ScaleSize:
    """``replicas`` work on calls for ``seconds``; ``light`` ones only commit and claim; ``idle``
    ones only keep their leases and look for work.
    """

    replicas: tuple[int, ...] = (1, 2, 4)
    light: tuple[int, ...] = (1, 2, 4, 8, 16)
    idle: tuple[int, ...] = (1, 8, 24)
    seconds: float = 15.0


@dataclass(frozen=True, slots=True)
class Scale:
    """Number of replicas → what they did. ``tables``: bytes with indexes, rows."""

    full: Mapping[int, Work]
    light: Mapping[int, Work]
    idle: Mapping[int, Work]
    tables: Mapping[str, tuple[int, int]]


@cache
def measured(size: ScaleSize) -> Scale:
    """Every load has an empty database of its own."""
    with cluster(**_SETTINGS) as server:
        full = {n: _one(server, Load(n, size.seconds)) for n in size.replicas}
        light = {n: _one(server, Load(n, size.seconds, light=True)) for n in size.light}
        waiting = {n: _idle(server, n, size.seconds) for n in size.idle}
        with server.store() as url:
            measure(server, url, Load(1, size.seconds, light=True, resolve=False))
            tables = table_sizes(url)
    return Scale(full, light, waiting, tables)


def _one(server: Cluster, load: Load) -> Work:
    with server.store() as url:
        return measure(server, url, load)


def _idle(server: Cluster, replicas: int, seconds: float) -> Work:
    with server.store() as url:
        return idle(server, url, replicas, seconds)


def replicas(size: ScaleSize) -> Rows:
    """``model``: as many as one carries, times their number, up to what all cores carry."""
    found = measured(size).full
    one = found[min(found)]
    most = _cores() / (_replica(one) + _database(one))
    rows: Rows = {}
    for number, work in found.items():
        rate = work.calls / work.seconds
        model = min(number * one.calls / one.seconds / min(found), most)
        rows[_named(number)] = {
            "calls/s": rate,
            "model": model,
            "replica ms": 1e3 * _replica(work),
            "database ms": 1e3 * _database(work),
        }
    return rows


def light(size: ScaleSize) -> Rows:
    return {
        _named(number): {
            "calls/s": work.calls / work.seconds,
            "replica ms": 1e3 * _replica(work),
            "database ms": 1e3 * _database(work),
            "connections": work.connections,
        }
        for number, work in measured(size).light.items()
    }


def waiting(size: ScaleSize) -> Rows:
    return {
        _named(number): {
            "database %": 100 * work.database_cpu / work.seconds,
            "transactions/s": work.transactions / work.seconds,
            "connections": work.connections,
        }
        for number, work in measured(size).idle.items()
    }


def rates(size: ScaleSize) -> Rows:
    """Of one replica that works on calls, for each of them."""
    found = measured(size).full
    work = found[min(found)]
    return {
        "a call": {
            "transactions": work.transactions / work.calls,
            "rows": work.rows / work.calls,
            "claims": work.claims / work.calls,
            "log bytes": work.log_bytes / work.calls,
        }
    }


def tables(size: ScaleSize) -> Rows:
    """Of the tables that grow with the calls: bytes for each row, with its indexes."""
    found = measured(size).tables
    return {
        title: {"bytes": found[name][0] / max(1, found[name][1])} for name, title in TABLES.items()
    } | {WAITING: {"bytes": _waiting(found)}}


TABLES = {
    "ledger": "a call in the ledger",
    "calls": "a call in the index of calls",
}
WAITING = "a call that waits for its two lanes"


def _waiting(found: Mapping[str, tuple[int, int]]) -> float:
    """The batches and deliveries of all calls that were stored: none was delivered."""
    calls = max(1, found["ledger"][1])
    return (found["bodies"][0] + found["deliveries"][0]) / calls


def _replica(work: Work) -> float:
    return work.replicas_cpu / max(1, work.calls)


def _database(work: Work) -> float:
    return work.database_cpu / max(1, work.calls)


def _named(number: int) -> str:
    return "1 replica" if number == 1 else f"{number} replicas"


def _cores() -> int:
    return len(os.sched_getaffinity(0))


GROUPS: Mapping[str, Callable[[ScaleSize], Rows]] = {
    "replicas": replicas,
    "light": light,
    "waiting": waiting,
    "rates": rates,
    "tables": tables,
}
