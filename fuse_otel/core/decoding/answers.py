"""The API's answers, JSON or XML, as values of ``core.model.call``.

Only an answer of another shape as a whole raises ``NotUnderstood``. An odd record or entry is
skipped or read as far as possible, and counted by the kinds of ``Anomaly``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from fuse_otel.core.decoding.call_record import RawCall, RawRecord, call_record, merged, session_id
from fuse_otel.core.decoding.coercion import count, text
from fuse_otel.core.decoding.lenient_json import NotUnderstood, decode
from fuse_otel.core.decoding.log_entries import (
    LONGEST_REASON,
    RawDetail,
    call_log,
    error_log,
    joined,
    renumbered,
)
from fuse_otel.core.decoding.saved_calls import SavedCall, saved_calls
from fuse_otel.core.decoding.xml_form import as_json
from fuse_otel.core.model.call import CallLog, CallPage, CallRecord, LogPage
from fuse_otel.core.model.tally import Anomaly, Tally

__all__ = [
    "NotUnderstood", "SavedCall", "decode_call", "decode_calls", "decode_error", "decode_logs",
    "decode_saved", "error_log",
]  # fmt: skip

_Raw = TypeVar("_Raw", bound=RawRecord)


class _Page(msgspec.Struct):
    """The calls stay text here, so that one of them cannot make the others unreadable."""

    calls: list[msgspec.Raw] | dict[str, msgspec.Raw] | msgspec.UnsetType | None = msgspec.UNSET
    total_calls: Any = None
    error: Any = None


_PAGE = msgspec.json.Decoder(_Page)
_RECORD = msgspec.json.Decoder(RawRecord)
_CALL = msgspec.json.Decoder(RawCall)
_DETAIL: msgspec.json.Decoder[RawDetail] = msgspec.json.Decoder(RawDetail)
_ANY = msgspec.json.Decoder()


def decode_calls(data: bytes) -> CallPage:
    """The answer of ``/calls``. Of records that share a session id the one that ends last stays."""
    tally = Tally()
    page, calls = _page(data, tally)
    found: dict[str, CallRecord] = {}
    for raw in _each(_RECORD, calls, tally):
        record = call_record(raw, tally)
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


def decode_logs(data: bytes) -> LogPage:
    """The answer of ``/all_logs``. Logs of records that share a session id are joined in order."""
    tally = Tally()
    _, calls = _page(data, tally)
    logs: dict[str, CallLog] = {}
    for raw in _each(_CALL, calls, tally):
        call = session_id(raw, tally)
        if call is None:
            continue
        log = call_log(raw.detail, tally)
        if call in logs:
            tally.anomalies[Anomaly.RECORD_REPEATED] += 1
            log = joined(logs[call], log)
        logs[call] = log
    return LogPage(logs, len(calls), len(data), tally.anomalies)


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


def decode_saved(data: bytes) -> list[SavedCall]:
    """The calls of a saved answer, JSON or XML, as ``saved_calls`` has them."""
    tally = Tally()
    return saved_calls(decode(_ANY, as_json(data, tally), tally))


def decode_error(data: bytes) -> str:
    """The API's own reason in ``{"error": …}``, empty if ``data`` is no such answer; at most
    ``LONGEST_REASON`` characters.
    """
    tally = Tally()
    try:
        answer = decode(_ANY, as_json(data, tally), tally)
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
