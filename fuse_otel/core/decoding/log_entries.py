"""The entries of a call's log, from any form in which the API sends them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Any, TypeVar

import msgspec

from fuse_otel.core.decoding.lenient_json import LAST_SECOND, seconds, text
from fuse_otel.core.model.call import EXPIRED_LOG, MISSING_LOG, CallLog, Entry, LogState
from fuse_otel.core.model.limits import LONG_NAME, MAX_NAME
from fuse_otel.core.model.tally import Anomaly, Tally

_T = TypeVar("_T")

LONGEST_REASON = 1000  # characters of an error; the API's own have less than 100
MAX_ENTRIES = 200_000
"""Entries of one call. An answer of 32 MB may hold ten million empty ones: 5 GB in memory."""
_EXPIRED = re.compile(r"\bno\b.*\bdetails\b.*\bavailable\b", re.IGNORECASE | re.DOTALL)
_NOT_FOUND = re.compile(r"\bno call log was found\b", re.IGNORECASE)


class RawEvent(msgspec.Struct, gc=False):
    line: Any = None
    data: Any = None


class RawEntry(msgspec.Struct, gc=False, rename={"log_class": "class"}):
    event: RawEvent | list[Any] | str | int | float | bool | None = None
    log_class: Any = None
    timestamp: Any = None


Element = RawEntry | list[Any] | str | int | float | bool | None
RawDetail = list[Element] | dict[str, Any] | str | int | float | bool | None


def call_log(detail: RawDetail, tally: Tally) -> CallLog:
    """The log in ``detail``; an error object holds the reason why there is none."""
    if isinstance(detail, dict):
        numbered = renumbered(detail, tally)
        if numbered is None:
            return _no_log(detail, tally)
        detail = msgspec.convert(numbered, list[Element])
    if not isinstance(detail, list):
        if detail is not None:
            tally.anomalies[Anomaly.DETAIL] += 1
        return MISSING_LOG
    if not detail:
        return MISSING_LOG
    return CallLog(LogState.PRESENT, tuple(entries(detail, tally)), len(detail))


def joined(first: CallLog, second: CallLog) -> CallLog:
    """One log of two that belong to the same call: the second continues where the first ended,
    unless one repeats the other.
    """
    if LogState.PRESENT not in (first.state, second.state):
        return first if first.state is LogState.EXPIRED else second
    if first.state is not LogState.PRESENT or _begins_with(second, first):
        return second
    if second.state is not LogState.PRESENT or _begins_with(first, second):
        return first
    moved = (msgspec.structs.replace(e, index=e.index + first.count) for e in second.entries)
    return CallLog(LogState.PRESENT, (*first.entries, *moved), first.count + second.count)


def _begins_with(long: CallLog, short: CallLog) -> bool:
    try:
        return long.count >= short.count and long.entries[: len(short.entries)] == short.entries
    except RecursionError:  # data may be nested as deep as the decoder reads
        return False


def renumbered(value: dict[str, Any], tally: Tally) -> list[Any] | None:
    """PHP writes an array with missing numbers as an object. ``None`` for any other object."""
    if not all(name.isdecimal() for name in value):
        return None
    if value:
        tally.anomalies[Anomaly.LIST_IS_OBJECT] += 1
    return list(value.values())


def error_log(reason: str) -> CallLog | None:
    """The state of the log by the API's message; ``None`` if the message is unknown."""
    reason = reason[:LONGEST_REASON]  # the pattern takes quadratic time
    if _EXPIRED.search(reason):
        return EXPIRED_LOG
    return MISSING_LOG if _NOT_FOUND.search(reason) else None


def _no_log(detail: dict[str, Any], tally: Tally) -> CallLog:
    if "error" not in detail:
        tally.anomalies[Anomaly.DETAIL] += 1
        return MISSING_LOG
    log = error_log(text(detail["error"]) or "")
    if log is None:
        tally.anomalies[Anomaly.DETAIL_ERROR] += 1
        return MISSING_LOG
    return log


def entries(elements: Sequence[Element], tally: Tally) -> list[Entry]:
    """Every object of the array as an entry, numbered by its place in the array; at most
    ``MAX_ENTRIES``.
    """
    found: list[Entry] = []
    if len(elements) > MAX_ENTRIES:
        tally.anomalies[Anomaly.LIST_LONG] += 1
    for index, element in enumerate(islice(elements, MAX_ENTRIES)):
        if type(element) is not RawEntry:
            tally.anomalies[Anomaly.ENTRY] += 1
            continue
        event, time, log_class = element.event, element.timestamp, element.log_class
        if (
            type(event) is RawEvent
            and type(line := event.line) is str
            and type(data := event.data) is dict
            and type(log_class) is str
            and type(time) is int
            and 0 < time <= LAST_SECOND
            and type(module := data.get("module_type")) is str
            and type(variable := data.get("result_variable")) is str
            and 0 < len(module) <= MAX_NAME
            and 0 < len(variable) <= MAX_NAME
            and len(log_class) <= MAX_NAME
        ):
            del data["module_type"], data["result_variable"]
            found.append(Entry(index, log_class, line, time, module, variable, data))
        else:
            found.append(_odd_entry(index, element, tally))
    return found


def _odd_entry(index: int, element: RawEntry, tally: Tally) -> Entry:
    event = element.event
    if not isinstance(event, RawEvent):
        tally.anomalies[Anomaly.ENTRY_EVENT] += 1
        event = RawEvent(line="", data={})
    data = _data(event.data, tally)
    module, variable = (
        _name(data.pop("module_type", None), tally),
        _name(data.pop("result_variable", None), tally),
    )
    if module is None or variable is None:
        tally.anomalies[Anomaly.ENTRY_MODULE] += 1
    return Entry(
        index=index,
        log_class=bounded(_known(text(element.log_class), Anomaly.ENTRY_CLASS, tally), tally),
        line=_known(text(event.line), Anomaly.ENTRY_LINE, tally) or "",
        timestamp=_known(seconds(element.timestamp), Anomaly.ENTRY_TIME, tally),
        module_type=module,
        result_variable=variable,
        data=data,
    )


def _known(value: _T | None, kind: Anomaly, tally: Tally) -> _T | None:
    if value is None:
        tally.anomalies[kind] += 1
    return value


def _data(data: object, tally: Tally) -> dict[str, object]:
    if isinstance(data, dict):
        return data
    if data not in ([], ""):  # PHP's empty object, in JSON and in XML
        tally.anomalies[Anomaly.ENTRY_DATA] += 1
    return {}


def _name(value: object, tally: Tally) -> str | None:
    """A module's type or name; an empty one counts as missing."""
    return bounded(text(value), tally) or None


def bounded(name: str | None, tally: Tally, limit: int = MAX_NAME) -> str:
    """The name, or a word in its place where it is longer than ``limit``: caches, labels and the
    ledger keep names, and a peer may send some of a megabyte.
    """
    if name is not None and len(name) > limit:
        tally.anomalies[Anomaly.LONG] += 1
        return LONG_NAME
    return name or ""
