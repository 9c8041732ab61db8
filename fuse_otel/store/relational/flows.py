"""The call flows: sums that the poller's commit brings up to date, read by pages and commands.

A call counts once. What it added is known by its row in the index of calls, in which it is read and
replaced in the same transaction. A call without a row that the ledger knows was counted before the
index forgot it: it adds nothing, and its new row is not counted (`counted` 0).

Sums can be computed again from the log, the rest of the store cannot: a text of a flow or a path
that damage made unreadable counts as empty.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fuse_otel.core.model.call_flow import CallFlow, CallPath, read_path
from fuse_otel.core.translation.translate import CallOutcome
from fuse_otel.ports import FlowPart, FlowQuery
from fuse_otel.ports.flows import DAY, HOUR, KEEP_DAYS, first_hour
from fuse_otel.store.relational.calls import NamedRow, module_names
from fuse_otel.store.relational.database import Connection, Database
from fuse_otel.store.relational.queries import queries, with_lists
from fuse_otel.store.relational.rows import Row, storable

# The flows take a twentieth of the cap, and never more than that.
FLOW_BYTES, FLOW_SHARE = 64 * 1024 * 1024, 0.05
AT_ONCE = 50  # old hours and days that one step processes
_LONGEST = 200  # characters of an application and a version
_ROW_BYTES = 250  # the columns that are no text, and the entries of three indexes
_SQL = queries("flows")
_LEDGER = queries("ledger")


class _Part(NamedTuple):
    """The calls that one row sums."""

    account: int
    application: str
    version: str
    outcome: str
    seconds: int
    start: int


def write_flows(connection: Connection, account: int, rows: Sequence[NamedRow], now: int) -> int:
    """Inside the transaction of the step, before its ledger rows and its rows of the index.
    ``rows`` are the latter, whose ``counted`` it sets. Returns how many sums it changed.
    """
    changes: dict[_Part, list[tuple[CallPath, int]]] = defaultdict(list)
    # The last row of a call is the one that stays in the index.
    last = {row["session_id"]: row for row in rows}
    counted = _found(connection, _SQL["counted"], account, list(last))
    new = [session_id for session_id in last if session_id not in counted]
    known = _found(connection, _LEDGER["seen"], account, new)
    for session_id, row in last.items():
        for facts, times in _changes(row, counted.get(session_id), session_id in known):
            path = _path(facts)
            part = _part(facts, _seconds(facts, now)) if times > 0 else _holder(connection, facts)
            if part and path.steps and part.start >= now - KEEP_DAYS - DAY:
                changes[part].append((path, times))
    for part, paths in changes.items():
        flow = _sums(connection, part)
        for path, times in paths:
            flow.add(path, times)
        _write(connection, part, flow)
    return len(changes)


def flow_bytes(cap: int) -> int:
    """The share of the flows, bytes."""
    return min(FLOW_BYTES, int(cap * FLOW_SHARE))


def trim_flows(connection: Connection, cap: int, changed: int = 0) -> int:
    """Forget the oldest rows that the flows have beyond their share. Returns how many."""
    bounds = {"bytes": flow_bytes(cap), "limit": AT_ONCE + changed}
    return connection.execute(_SQL["trim"], bounds).rowcount


def _found(
    connection: Connection, query: str, account: int, session_ids: Sequence[str]
) -> dict[str, Row]:
    """The rows of the calls that are found, by their session ids: the first column."""
    return {
        session_id: facts
        for text, ids in with_lists(query, session_ids)
        for session_id, *facts in connection.execute(text, (account, *ids))
    }


def _changes(row: NamedRow, counted: Row | None, known: bool) -> list[tuple[NamedRow, int]]:
    """What the call adds now, and takes away of what it added before: ``counted`` is what the index
    has of it. ``known``: the ledger has it.
    """
    if counted is None:
        row["counted"] = int(not known)
        return [] if known else [(row, 1)]
    names = ("application", "version", "outcome", "at", "modules", "path", "counted")
    before = {**dict(zip(names, counted, strict=True)), "account": row["account"]}
    row["counted"] = before["counted"]
    if not row["counted"]:
        return []
    same = all(before[name] == row[name] for name in names)
    return [] if same else [(before, -1), (row, 1)]


def _holder(connection: Connection, facts: NamedRow) -> _Part | None:
    """The part that has the call; ``None`` if it was forgotten, so that no sum becomes negative."""
    parts = (_part(facts, seconds) for seconds in (HOUR, DAY))
    held = (each for each in parts if connection.execute(_SQL["sums"], each._asdict()).fetchone())
    return next(held, None)


def _seconds(facts: NamedRow, now: int) -> int:
    return HOUR if facts["at"] >= first_hour(now) else DAY


def _part(facts: NamedRow, seconds: int) -> _Part:
    at: int = facts["at"]
    application, version = facts["application"][:_LONGEST], facts["version"][:_LONGEST]
    start = at - at % seconds
    return _Part(facts["account"], application, version, facts["outcome"], seconds, start)


def _path(facts: NamedRow) -> CallPath:
    lost = facts["outcome"] == CallOutcome.HANGUP
    try:
        return read_path(module_names(facts["modules"]), facts["path"], lost=lost)
    except ValueError:
        return CallPath((), (), lost)


def _sums(connection: Connection, part: _Part) -> CallFlow:
    found = connection.execute(_SQL["sums"], part._asdict()).fetchone()
    return _flow(found[0]) if found else CallFlow()


def _flow(data: str) -> CallFlow:
    try:
        return CallFlow.unpack(data)
    except ValueError:
        return CallFlow()


def _write(connection: Connection, part: _Part, flow: CallFlow) -> None:
    if flow.is_empty():
        connection.execute(_SQL["remove_part"], part._asdict())
        return
    data = flow.pack()
    texts = (part.application, part.version, part.outcome)
    size = len(data.encode()) + 3 * sum(len(text.encode()) for text in texts) + _ROW_BYTES
    connection.execute(_SQL["write"], {**part._asdict(), "bytes": size, "data": data})


def forget_flows(connection: Connection, account: int, now: int) -> bool:
    """Sum old hours by the day, and forget old days. Returns whether there may be more of them.
    Replicas sum those of the ``account`` that they commit, SQLite sums all.
    """
    old = {"account": account, "seconds": HOUR, "before": first_hour(now), "limit": AT_ONCE}
    days: dict[_Part, CallFlow] = {}
    hours = connection.execute(_SQL["old_hours"], old).fetchall()
    for row_id, owner, application, version, outcome, start, data in hours:
        part = _Part(owner, application, version, outcome, DAY, start - start % DAY)
        if part not in days:
            days[part] = _sums(connection, part)
        days[part].merge(_flow(data))
        connection.execute(_SQL["remove"], (row_id,))
    for part, flow in days.items():
        _write(connection, part, flow)
    bounds = {"before": now - KEEP_DAYS - DAY, "limit": AT_ONCE}
    forgotten = connection.execute(_SQL["forget"], bounds).rowcount
    return AT_ONCE in (len(hours), forgotten)


class RelationalFlows:
    def __init__(self, database: Database) -> None:
        self._database = database

    def flow(self, query: FlowQuery) -> CallFlow:
        conditions, bound = _conditions(query)
        # Every part of the text is ours: the values are bound.
        text = " and ".join((_SQL["select"], *conditions))
        total = CallFlow()
        with self._database.read() as connection:
            for (data,) in connection.execute(text, bound):
                total.merge(_flow(data))
        return total

    def parts(self, application: str | None = None) -> Sequence[FlowPart]:
        bound = {} if application is None else {"application": _name(application)}
        name = "parts_of" if bound else "parts"
        with self._database.read() as connection:
            return [_flow_part(row) for row in connection.execute(_SQL[name], bound)]


def _flow_part(row: Row) -> FlowPart:
    return FlowPart(*row)


def _name(text: str) -> str:
    return str(storable(text)[0])[:_LONGEST]


def _conditions(query: FlowQuery) -> tuple[list[str], Mapping[str, object]]:
    """Only those that the query has, and what they bind."""
    bound: dict[str, object] = {"application": _name(query.application)}
    found = []
    if query.account:
        found.append("account = (select id from accounts where name = :account)")
        bound["account"] = storable(query.account)[0]
    for name in ("version", "outcome"):
        if wanted := getattr(query, name):
            found.append(f"{name} = :{name}")
            bound[name] = _name(wanted)
    if query.start is not None:
        found.append("start + seconds > :start")
        bound["start"] = query.start
    if query.end is not None:
        found.append("start < :end")
        bound["end"] = query.end
    return found, bound
