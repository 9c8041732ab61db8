"""Several replicas over one PostgreSQL: what a call costs them and the database, and how much more
they carry together.

A replica is a process that works as fast as it can on an account of its own: it decodes, renders,
cuts and commits a recorded backlog again and again, each time under other session ids, then claims
and resolves the batches of both lanes. A light replica leaves out what does not touch the database.
There is no API, no back end and no network: that is measured elsewhere.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from msgspec.structs import replace
from support.rigs.poller_rig import LANE, LOGS_LANE, START
from support.rigs.postgres_cluster import Cluster

from benchmarks.cpu import cpu_of_tree
from benchmarks.recorded import RENDERINGS, Backlog, record
from benchmarks.stages import pure_code
from fuse_otel.core.batching.batch import Batch
from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.lane import Lane
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.errors import Busy
from fuse_otel.ports import Acknowledgement, Lease, Step, Store
from fuse_otel.store import open_store

CAPACITY = 1 << 33
_DUE = 8_000_000  # inflated bytes that one claim asks for: more than a request has
_IDLE = 1.0  # seconds between two looks of an idle lane, as ``ShipperOptions.idle``
_AGAIN = 0.2  # seconds until a busy account is tried again
_ENDED = 30.0  # seconds until the server's processes of closed connections have ended
_WAIT = 300.0


@dataclass(frozen=True, slots=True)
class Load:
    """So many replicas for so many seconds, each with a recorded backlog of so many calls. Without
    ``resolve`` the calls wait for their lanes.
    """

    replicas: int
    seconds: float
    light: bool = False
    resolve: bool = True
    calls: int = 200


@dataclass(frozen=True, slots=True)
class Work:
    """``calls`` in ``seconds``; CPU seconds of all replicas and of all processes of the database;
    what the database did: transactions, rows written and bytes of the write-ahead log, joining and
    leaving included; and its connections at the end.
    """

    calls: int
    seconds: float
    replicas_cpu: float
    database_cpu: float
    transactions: int
    rows: int
    log_bytes: int
    claims: int
    connections: int


def measure(cluster: Cluster, url: str, load: Load) -> Work:
    before = _with_tables(url)
    with ExitStack() as stack:
        pipes = [stack.enter_context(_replica(url, n, load)) for n in range(load.replicas)]
        for pipe in pipes:
            _ready(pipe)
        cpu, began = cpu_of_tree(cluster.pid), time.monotonic()
        for pipe in pipes:
            pipe.send("go")
        told = [pipe.recv() for pipe in pipes]
        seconds = time.monotonic() - began
        database = cpu_of_tree(cluster.pid) - cpu
        connections = _statistics(url)["connections"]
        for pipe in pipes:
            pipe.send("end")
    return Work(
        calls=sum(calls for calls, _, _ in told),
        seconds=seconds,
        replicas_cpu=sum(spent for _, spent, _ in told),
        database_cpu=database,
        claims=sum(claims for _, _, claims in told),
        connections=connections,
        **_done_since(before, url),
    )


def idle(cluster: Cluster, url: str, replicas: int, seconds: float) -> Work:
    """Replicas without calls: heartbeats, an account each, and a look at both lanes a second."""
    before = _with_tables(url)
    with ExitStack() as stack:
        stores = [open_store(url, capacity=CAPACITY, clock=time.time) for _ in range(replicas)]
        for store in stores:
            stack.callback(store.close)
        leases = [_lease(store, f"account {number}") for number, store in enumerate(stores)]
        cpu, began = cpu_of_tree(cluster.pid), time.monotonic()
        while (now := time.monotonic()) < began + seconds:
            for store, lease in zip(stores, leases, strict=True):
                lease.position(START, 100)
                for lane in (LANE, LOGS_LANE):
                    store.outbox.due(lane, START, _DUE)
            time.sleep(max(0.0, now + _IDLE - time.monotonic()))
        took = time.monotonic() - began
        database = cpu_of_tree(cluster.pid) - cpu
        connections = _statistics(url)["connections"]
    return Work(
        calls=0,
        seconds=took,
        replicas_cpu=0.0,
        database_cpu=database,
        claims=0,
        connections=connections,
        **_done_since(before, url),
    )


def _ready(pipe: Connection) -> None:
    if not pipe.poll(_WAIT):
        raise RuntimeError("a replica did not get its account")
    pipe.recv()


_QUESTION = """
select
    xact_commit, tup_inserted + tup_updated + tup_deleted,
    (pg_current_wal_lsn() - '0/0')::bigint, numbackends
from pg_stat_database where datname = current_database()
"""


def _statistics(url: str) -> dict[str, int]:
    import psycopg  # noqa: PLC0415 - an extra of the product

    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(_QUESTION).fetchone()
    assert row is not None  # noqa: S101 - for the type checker
    return dict(zip(("transactions", "rows", "log_bytes", "connections"), row, strict=True))


def _with_tables(url: str) -> dict[str, int]:
    open_store(url, capacity=CAPACITY, clock=time.time).close()
    return _after_the_last_connection(url)


def _after_the_last_connection(url: str) -> dict[str, int]:
    """A process of the server counts what it did when it ends; while it is idle, within 10 s."""
    end = time.monotonic() + _ENDED
    while (found := _statistics(url))["connections"] > 1 and time.monotonic() < end:
        time.sleep(_AGAIN)
    return found


def _done_since(before: dict[str, int], url: str) -> dict[str, int]:
    after = _after_the_last_connection(url)
    return {name: after[name] - before[name] for name in ("transactions", "rows", "log_bytes")}


def table_sizes(url: str) -> dict[str, tuple[int, int]]:
    """Table → bytes with its indexes, rows."""
    import psycopg  # noqa: PLC0415 - as above

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("analyze")
        found = connection.execute(
            "select relname, pg_total_relation_size(c.oid), greatest(reltuples, 0)::bigint"
            " from pg_class c join pg_namespace n on n.oid = relnamespace"
            " where relkind = 'r' and nspname = current_schema()"
        ).fetchall()
    return {name: (size, rows) for name, size, rows in found}


@contextmanager
def _replica(url: str, number: int, load: Load) -> Iterator[Connection]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_work, args=(url, number, load, theirs)
    )
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()  # a replica that waits for a word ends by it
        process.join(_WAIT)
        process.kill()


def _work(url: str, number: int, load: Load, pipe: Connection) -> None:
    """Reports the calls, the CPU seconds and the number of claimed batches."""
    backlog = record(load.calls)
    store = open_store(url, capacity=CAPACITY, clock=time.time)
    try:
        lease = _lease(store, f"account {number}")
        pipe.send("ready")
        pipe.recv()
        pipe.send(_busy(store, lease, backlog, load, f"{number}"))
        pipe.recv()  # the connections are counted before they are closed
    finally:
        store.close()


def _lease(store: Store, account: str) -> Lease:
    """It may be beyond the fair share until all replicas are there."""
    while True:
        try:
            return store.ledger.lease(account)
        except Busy:
            time.sleep(_AGAIN)


def _busy(
    store: Store, lease: Lease, backlog: Backlog, load: Load, name: str
) -> tuple[int, float, int]:
    renderer = Renderer(ModelOptions(), RENDERINGS)
    calls = claims = passes = 0
    spent, end = time.process_time(), time.monotonic() + load.seconds
    while time.monotonic() < end:
        for step in backlog.steps:
            if not load.light:
                pure_code(backlog, [row.session_id for row in step.seen], renderer)
            commit_again(lease, step, f"{name};{passes};")
            calls += len(step.seen)
        if load.resolve:
            claims += sum(resolve_all(store, lane) for lane in (LANE, LOGS_LANE))
        passes += 1
    return calls, time.process_time() - spent, claims


def commit_again(lease: Lease, step: Step, prefix: str) -> None:
    """The commit of a step, with other session ids."""
    renamed = under_other_names(step, prefix)
    ids = [row.session_id for row in renamed.seen]
    if ids:
        lease.look_up(ids)
    lease.commit(renamed)


def under_other_names(step: Step, prefix: str) -> Step:
    """The step as if its calls were others. What is in the batches stays."""
    return replace(
        step,
        positions={},
        opened=(),
        closed=(),
        seen=_renamed(step.seen, prefix),
        pending=[
            replace(each, call=replace(each.call, session_id=prefix + each.call.session_id))
            for each in step.pending
        ],
        settled=[prefix + each for each in step.settled],
        listed=[prefix + each for each in step.listed],
        callers=_renamed(step.callers, prefix),
        recent=_renamed(step.recent, prefix),
        indexed=_renamed(step.indexed, prefix),
        batches=[_renamed_batch(batch, prefix) for batch in step.batches],
    )


def _renamed(rows: Sequence[Any], prefix: str) -> list[Any]:
    return [replace(row, session_id=prefix + row.session_id) for row in rows]


def _renamed_batch(batch: Batch, prefix: str) -> Batch:
    return replace(batch, calls=tuple(_renamed(batch.calls, prefix)))


def resolve_all(store: Store, lane: Lane) -> int:
    """Claim what is due and acknowledge it; the number of batches."""
    claimed = 0
    while found := store.outbox.due(lane, START, _DUE):
        for batch in found:
            offsets = tuple(call.offset for call in batch.calls)
            store.outbox.resolve(lane, [Acknowledgement(batch.id, offsets)], START)
        claimed += len(found)
    return claimed
