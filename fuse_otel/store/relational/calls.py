"""The index of calls: written in the poller's commit, read by pages and commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from fuse_otel.ports import SLOT, CallCount, CallQuery, IndexedCall, Neighbours, SeenRow, Step
from fuse_otel.store.relational.database import Connection, Database
from fuse_otel.store.relational.queries import queries
from fuse_otel.store.relational.rows import MAX_TEXT, Row, storable, stored_id, stored_ids

KEEP_INDEXED = 7 * 86_400
AHEAD = 3_600  # a start by a broken clock, years ahead, must not keep a row for years
INDEX_SHARE = 0.1  # of the cap
FORGET_AT_ONCE = 500
MAX_MODULES = 8_192  # characters: about 300 different modules
# The columns that are no text, and the entries of four indexes with their shares of pages.
_ROW_BYTES = 250
_SQL = queries("calls")
_MODULES = 12  # the column of the query
Conditions = dict[str, dict[str, object]]
NamedRow = dict[str, Any]
_NEWEST, _AS_STORED, _LATEST = "calls.at desc, calls.id desc", "calls.id", "calls.id desc"


def call_rows(account: int, step: Step) -> list[NamedRow]:
    """The calls of the step as they are stored, by the names of the columns."""
    return [_row(account, call, step.at) for call in step.indexed]


def write_calls(
    connection: Connection,
    account: int,
    step: Step,
    rows: Sequence[NamedRow],
    shown: Sequence[str] = (),
) -> Sequence[str]:
    """Inside the transaction of the step, after its ledger rows. ``rows`` are those of
    ``call_rows``. Returns the stored ids of the calls that were erased while they were being read,
    also of those that are only ``shown``.
    """
    added = connection.executemany(_SQL["add"], rows).rowcount if rows else 0
    if ends := _ends(account, step.seen, step.indexed):
        connection.executemany(_SQL["end"], ends)
    # Each row counts as added, but for erased calls: only then are they looked for.
    unsure = [*shown, *(row["session_id"] for row in rows if added < len(rows))]
    keys = [{"account": account, "session_id": one} for one in unsure]
    return [key["session_id"] for key in keys if connection.execute(_SQL["erased"], key).fetchone()]


def forget_calls(connection: Connection, now: int, added: int) -> int:
    """Forget rows that have expired at ``now``, UNIX seconds. Returns how many."""
    before = {"before": now - KEEP_INDEXED, "limit": FORGET_AT_ONCE + added}
    return connection.execute(_SQL["forget"], before).rowcount


def index_bytes(cap: int) -> int:
    """The share of the index, bytes."""
    return int(cap * INDEX_SHARE)


def trim_calls(connection: Connection, cap: int, added: int = 0) -> int:
    """Forget the oldest rows that the index has beyond its share of the cap. Returns how many.

    Never many at once, because a lowered cap leaves a surplus that takes minutes to delete.
    """
    bounds = {"bytes": index_bytes(cap), "limit": FORGET_AT_ONCE + added}
    return connection.execute(_SQL["trim"], bounds).rowcount


def _ends(account: int, seen: Sequence[SeenRow], indexed: Sequence[IndexedCall]) -> list[Row]:
    """The API may correct the end of a call whose log did not grow."""
    written = {stored_id(call.session_id) for call in indexed}
    return [
        storable(row.seen.end, session_id, account)
        for row in seen
        if (session_id := stored_id(row.session_id)) not in written
    ]


def _row(account: int, call: IndexedCall, now: int) -> NamedRow:
    known = call.end if call.start is None else call.start
    texts = {
        "session_id": stored_id(call.session_id),
        "trace_id": call.trace_id,
        "application": call.application,
        "version": call.version,
        "direction": call.direction,
        "outcome": call.outcome,
        "details": call.details,
        "failed_module": call.failed_module,
        "error_type": call.error_type,
    }
    numbers = {
        "account": account,
        "error": call.error,
        "started": call.start,
        "ended": call.end,
        "at": now if known is None else min(known, now + AHEAD),
    }
    row = dict(zip((*texts, *numbers), storable(*texts.values(), *numbers.values()), strict=True))
    modules = _lines(call.modules)
    twice = (row["session_id"], row["trace_id"])
    size = sum(len(str(row[name]).encode()) for name in texts)
    size += len(modules.encode()) + len(call.path)
    size += sum(len(str(text).encode()) for text in twice)
    rest = {"modules": modules, "path": call.path, "bytes": size + _ROW_BYTES}
    return row | rest | {"counted": 1}  # `write_flows` knows better


def _lines(modules: Sequence[str]) -> str:
    """A line each, as many as fit. The query looks for a whole line."""
    lines = "\n".join(["", *map(_line, modules), ""])
    if len(lines) > MAX_MODULES:
        lines = lines[: lines.rindex("\n", 0, MAX_MODULES) + 1]
    return lines.encode("utf-8", "replace").decode()


def _line(module: str) -> str:
    return module[:MAX_TEXT].replace("\n", " ")


class RelationalCalls:
    def __init__(self, database: Database) -> None:
        self._database = database

    def calls(self, query: CallQuery, limit: int, offset: int = 0) -> Sequence[IndexedCall]:
        return self._read(_conditions(query), _NEWEST, limit, offset)

    def stored_after(self, query: CallQuery, after: int, limit: int) -> Sequence[IndexedCall]:
        # A call may be stored by another process that began earlier and took a smaller id.
        whole: Conditions = {
            "calls.id > :after": {"after": after},
            "calls.id <= :last": {"last": self.last_id()},
        }
        conditions = {**_conditions(query), **whole}
        return self._read(conditions, _AS_STORED, limit)

    def stored_last(self, query: CallQuery, limit: int) -> Sequence[IndexedCall]:
        return self._read(_conditions(query), _LATEST, limit)[::-1]

    def call(self, session_id: str) -> IndexedCall | None:
        found = self._read(_session(session_id), _LATEST, 1)
        return found[0] if found else None

    def neighbours(self, call: IndexedCall) -> Neighbours:
        with self._database.read() as connection:
            found = (
                connection.execute(_SQL[name], (call.id,)).fetchone()
                for name in ("previous", "next")
            )
            return Neighbours(*(row[0] if row else None for row in found))

    def counts(self, since: int) -> Sequence[CallCount]:
        bound = {"slot": SLOT, "since": since}
        with self._database.read() as connection:
            calls = connection.execute(_SQL["counts"], bound).fetchall()
            errors = dict(connection.execute(_SQL["errors"], bound).fetchall())
        return [CallCount(at, count, errors.get(at, 0)) for at, count in calls]

    def last_id(self) -> int:
        with self._database.read() as connection:
            row = connection.execute(_SQL["last_id"]).fetchone()
            return int(row[0]) if row else 0

    def _read(
        self, conditions: Conditions, order: str, limit: int, offset: int = 0
    ) -> Sequence[IndexedCall]:
        where = f" where {' and '.join(conditions)}" if conditions else ""
        # Every part of the text is ours: the values are bound.
        select = _SQL["select"]
        text = f"{select}{where} order by {order} limit :limit offset :offset"
        bound: dict[str, object] = {"limit": limit, "offset": offset}
        for values in conditions.values():
            bound |= values
        with self._database.read() as connection:
            return tuple(map(_call, connection.execute(text, bound)))


def _conditions(query: CallQuery) -> Conditions:
    """Each condition with its values. Only those that the query has, so that the engine finds an
    index for them.
    """
    found: Conditions = {}
    for name in ("application", "outcome", "direction"):
        if wanted := getattr(query, name):
            found[f"{name} = :{name}"] = {name: storable(wanted)[0]}
    if query.account:
        account = storable(query.account)[0]
        found["calls.account = (select id from accounts where name = :name)"] = {"name": account}
    if query.module:
        found["instr(modules, :module) > 0"] = {"module": f"\n{storable(_line(query.module))[0]}\n"}
    if query.error is not None:
        found["error = :error"] = {"error": query.error}
    if query.start is not None:
        found["calls.at >= :start"] = {"start": query.start}
    if query.end is not None:
        found["calls.at < :end"] = {"end": query.end}
    return found | (_key(query.key) if query.key else {})


def _session(session_id: str) -> Conditions:
    names = stored_ids(session_id)
    return {"session_id in (:one, :other)": {"one": names[0], "other": names[-1]}}


def _key(key: str) -> Conditions:
    ((session, names),) = _session(key).items()
    (trace_id,) = storable(key.lower())
    return {f"({session} or trace_id = :trace)": {**names, "trace": trace_id}}


def _call(row: Row) -> IndexedCall:
    call = IndexedCall(*row)
    return replace(call, error=bool(call.error), modules=module_names(row[_MODULES]))


def module_names(lines: str) -> tuple[str, ...]:
    """Of the column ``modules``."""
    return tuple(lines.split("\n")[1:-1])
