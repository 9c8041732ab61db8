"""The API's answers, JSON or XML, as values of ``core.model.call``.

Only an answer of another shape as a whole raises ``NotUnderstood``. An odd record or entry is
skipped or read as far as possible, and counted by the kinds of ``Anomaly``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator
from typing import Annotated, Any, TypeVar

import msgspec

from fuse_otel.core.decoding.lenient_json import (
    LAST_SECOND,
    NotUnderstood,
    count,
    decode,
    flag,
    seconds,
    text,
)
from fuse_otel.core.decoding.log_entries import (
    LONGEST_REASON,
    RawDetail,
    bounded,
    call_log,
    error_log,
    joined,
    renumbered,
)
from fuse_otel.core.decoding.xml_form import as_json, decode_document
from fuse_otel.core.model.call import CallLog, CallPage, CallRecord, LogPage
from fuse_otel.core.model.limits import MAX_FIELD
from fuse_otel.core.model.tally import Anomaly, Tally


class RawRecord(msgspec.Struct):
    session_id: Any = None
    start: Any = None
    end: Any = None
    src: Any = None
    dest: Any = None
    type: Any = None
    log: Any = None


_Time = Annotated[int, msgspec.Meta(ge=1, le=LAST_SECOND)]
_Field = Annotated[str, msgspec.Meta(max_length=MAX_FIELD)]


class PlainRecord(msgspec.Struct, gc=False):
    """A record as the API documents it. Most are, and a poll lists each of them again and again: to
    read one value after the other takes four times as long.
    """

    session_id: Annotated[str, msgspec.Meta(min_length=1)]
    start: _Time
    end: _Time
    src: _Field
    dest: _Field
    type: _Field
    log: bool


class PlainId(msgspec.Struct, gc=False):
    """All that is read of a record whose log is not wanted."""

    session_id: Annotated[str, msgspec.Meta(min_length=1)]


class RawCall(RawRecord):
    detail: RawDetail = None


def session_id(raw: RawRecord, tally: Tally) -> str | None:
    found = text(raw.session_id)
    if not found or isinstance(raw.session_id, bool):
        tally.anomalies[Anomaly.RECORD_ID] += 1
        return None
    return found


def call_record(raw: RawRecord, tally: Tally, *, listed: bool = True) -> CallRecord | None:
    """The record, ``None`` without a session id. Records of ``/all_logs`` are not ``listed``: they
    have no ``log``.
    """
    found = session_id(raw, tally)
    if found is None:
        return None
    start, end = seconds(raw.start), seconds(raw.end)
    if start is None or end is None:
        tally.anomalies[Anomaly.RECORD_TIME] += 1
    logged = flag(raw.log)
    if logged is None and listed:
        tally.anomalies[Anomaly.RECORD_LOG] += 1
    return CallRecord(
        session_id=found,
        start=start,
        end=end,
        src=bounded(text(raw.src), tally, MAX_FIELD),
        dest=bounded(text(raw.dest), tally, MAX_FIELD),
        type=bounded(text(raw.type), tally, MAX_FIELD),
        logged=logged is not False,
    )


def merged(first: CallRecord, second: CallRecord) -> CallRecord:
    """The one of two records of a call with the later end; the first if they agree."""
    return second if (second.end or 0) > (first.end or 0) else first


__all__ = [
    "NotUnderstood", "decode_call", "decode_calls", "decode_error", "decode_logs",
    "error_log",
]  # fmt: skip

_Raw = TypeVar("_Raw", bound=RawRecord)


class _Page(msgspec.Struct):
    """The calls stay text here, so that one of them cannot make the others unreadable."""

    calls: list[msgspec.Raw] | dict[str, msgspec.Raw] | msgspec.UnsetType | None = msgspec.UNSET
    total_calls: Any = None
    error: Any = None


_PAGE = msgspec.json.Decoder(_Page)
_PLAIN = msgspec.json.Decoder(PlainRecord)
_RECORD = msgspec.json.Decoder(RawRecord)
_CALL = msgspec.json.Decoder(RawCall)
_ID = msgspec.json.Decoder(PlainId)
_DETAIL: msgspec.json.Decoder[RawDetail] = msgspec.json.Decoder(RawDetail)


def decode_calls(data: bytes) -> CallPage:
    """The answer of ``/calls``. Of records that share a session id the one that ends last stays."""
    tally = Tally()
    page, calls = _page(data, tally)
    found: dict[str, CallRecord] = {}
    for raw in calls:
        record = _plain(raw) or _odd(raw, tally)
        if record is None:
            continue
        known = found.get(record.session_id)
        if known is not None:
            tally.anomalies[Anomaly.RECORD_REPEATED] += 1
            record = merged(known, record)
        found[record.session_id] = record
    total = count(page.total_calls)
    if total is None and page.total_calls is not None:
        tally.anomalies[Anomaly.TOTAL] += 1
    return CallPage(tuple(found.values()), len(calls), total, tally.anomalies)


def _plain(raw: msgspec.Raw) -> CallRecord | None:
    try:
        one = _PLAIN.decode(raw)
    except (ValueError, RecursionError):
        return None
    return CallRecord(one.session_id, one.start, one.end, one.src, one.dest, one.type, one.log)


def _odd(raw: msgspec.Raw, tally: Tally) -> CallRecord | None:
    for one in _each(_RECORD, [raw], tally):
        return call_record(one, tally)
    return None


def decode_logs(data: bytes, wanted: Container[str] | None = None) -> LogPage:
    """The answer of ``/all_logs``. Logs of records that share a session id are joined in order.
    Only the logs of the ``wanted`` session ids are decoded, if they are given.
    """
    tally = Tally()
    _, calls = _page(data, tally)
    others = {} if wanted is None else _others(calls, wanted)
    read = [raw for place, raw in enumerate(calls) if place not in others]
    logs: dict[str, CallLog] = {}
    for raw in _each(_CALL, read, tally):
        call = session_id(raw, tally)
        if call is None:
            continue
        log = call_log(raw.detail, tally)
        if call in logs:
            tally.anomalies[Anomaly.RECORD_REPEATED] += 1
            log = joined(logs[call], log)
        logs[call] = log
    size = sum(len(memoryview(calls[place])) for place in others)
    ids = frozenset(others.values())
    return LogPage(logs, len(calls), len(data), tally.anomalies, ids, size)


def _others(calls: list[msgspec.Raw], wanted: Container[str]) -> dict[int, str]:
    """Place → session id of the records that are not wanted. To find it takes a small part of the
    time that the log takes.
    """
    found = {}
    for place, raw in enumerate(calls):
        try:
            one = _ID.decode(raw)
        except (ValueError, RecursionError):
            continue
        if one.session_id not in wanted:
            found[place] = one.session_id
    return found


def decode_call(data: bytes) -> tuple[CallLog, Counter[str]]:
    """The answer of ``/call``: a bare array of entries, or an object with the reason for none."""
    tally = Tally()
    detail = decode(_DETAIL, as_json(data, tally), tally)
    if detail == "" and tally.anomalies[Anomaly.XML]:
        detail = []  # an empty array has no other form in XML
    log = call_log(detail, tally)
    if tally.anomalies[Anomaly.DETAIL]:
        raise NotUnderstood("it is JSON, but no list of entries")
    if tally.anomalies[Anomaly.DEPTH] and not log.entries:
        raise NotUnderstood("it is nested too deep, and holds no entry")
    return log, +tally.anomalies


def decode_error(data: bytes) -> str:
    """The API's own reason in ``{"error": …}``, empty if ``data`` is no such answer; at most
    ``LONGEST_REASON`` characters.
    """
    try:
        answer = decode_document(data, Tally())
    except NotUnderstood:
        return ""
    reason = text(answer.get("error")) if isinstance(answer, dict) else None
    return (reason or "")[:LONGEST_REASON]


def _page(data: bytes, tally: Tally) -> tuple[_Page, list[msgspec.Raw]]:
    page = decode(_PAGE, as_json(data, tally), tally, many_calls=True)
    calls = page.calls
    if isinstance(calls, dict):
        calls = renumbered(calls, tally)
        if calls is None:
            raise NotUnderstood("`calls` is no list")
    if isinstance(calls, list):
        return page, calls
    if calls is msgspec.UNSET and (page.error is not None or page.total_calls is None):
        raise NotUnderstood("it holds no `calls`")
    tally.anomalies[Anomaly.LIST_MISSING] += 1
    return page, []


def _each(
    decoder: msgspec.json.Decoder[_Raw], calls: list[msgspec.Raw], tally: Tally
) -> Iterator[_Raw]:
    for raw in calls:
        try:
            yield decode(decoder, raw, tally)
        except NotUnderstood:
            tally.anomalies[Anomaly.RECORD] += 1
