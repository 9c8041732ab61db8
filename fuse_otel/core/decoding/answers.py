"""The API's answers as values of ``core.call``.

Whatever JSON comes, only an answer that as a whole is not what was asked for raises
``NotUnderstood``; an odd record or entry is skipped or taken for what it can be, and counted in
``anomalies`` by the kinds of ``Anomaly``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from fuse_otel.core.decoding.anomalies import Anomaly
from fuse_otel.core.decoding.call_record import RawCall, RawRecord, call_record, merged, session_id
from fuse_otel.core.decoding.coercion import count, text
from fuse_otel.core.decoding.lenient_json import BOM, NotUnderstood, decode, decode_page
from fuse_otel.core.decoding.log_entries import RawDetail, call_log, error_log, joined, renumbered
from fuse_otel.core.decoding.saved_calls import SavedCall, decode_xml, saved_calls
from fuse_otel.core.model.call import CallLog, CallPage, CallRecord, LogPage

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
    odd: Counter[str] = Counter()
    page, calls = _page(data, odd)
    found: dict[str, CallRecord] = {}
    for raw in _each(_RECORD, calls, odd):
        record = call_record(raw, odd)
        if record is None:
            continue
        known = found.get(record.session_id)
        if known is not None:
            odd[Anomaly.RECORD_REPEATED] += 1
            record = merged(known, record)
        found[record.session_id] = record
    total = count(page.total_calls)
    if total is None and page.total_calls is not None:
        odd[Anomaly.TOTAL] += 1
    return CallPage(tuple(found.values()), len(calls), total, odd)


def decode_logs(data: bytes) -> LogPage:
    """The answer of ``/all_logs``. Logs of records that share a session id are joined in order."""
    odd: Counter[str] = Counter()
    _, calls = _page(data, odd)
    logs: dict[str, CallLog] = {}
    for raw in _each(_CALL, calls, odd):
        call = session_id(raw, odd)
        if call is None:
            continue
        log = call_log(raw.detail, odd)
        if call in logs:
            odd[Anomaly.RECORD_REPEATED] += 1
            log = joined(logs[call], log)
        logs[call] = log
    return LogPage(logs, len(calls), len(data), odd)


def decode_call(data: bytes) -> tuple[CallLog, Counter[str]]:
    """The answer of ``/call``: a bare array of entries, or an object that says why not."""
    odd: Counter[str] = Counter()
    detail = decode(_DETAIL, data, odd)
    log = call_log(detail, odd)
    if odd[Anomaly.DETAIL]:
        raise NotUnderstood("it is JSON, but no list of entries")
    return log, +odd


def decode_saved(data: bytes) -> list[SavedCall]:
    """The calls of a saved answer, JSON or XML, as ``saved_calls`` has them."""
    if data.removeprefix(BOM).lstrip().startswith(b"<"):
        return decode_xml(data)
    return saved_calls(decode(_ANY, data, Counter()))


def decode_error(data: bytes) -> str:
    """The API's own reason in ``{"error": …}``, empty if ``data`` is no such answer."""
    try:
        answer = decode(_ANY, data, Counter())
    except NotUnderstood:
        return ""
    return (text(answer.get("error")) or "") if isinstance(answer, dict) else ""


def _page(data: bytes, odd: Counter[str]) -> tuple[_Page, list[msgspec.Raw]]:
    page = decode_page(_PAGE, data, odd)
    calls = page.calls
    if isinstance(calls, dict):
        calls = renumbered(calls, odd)
        if calls is None:
            raise NotUnderstood("`calls` is no list")
    if isinstance(calls, list):
        return page, calls
    if calls is msgspec.UNSET and (page.error is not None or page.total_calls is None):
        raise NotUnderstood("it holds no `calls`")
    odd[Anomaly.LIST_MISSING] += 1
    return page, []


def _each(
    decoder: msgspec.json.Decoder[_Raw], calls: list[msgspec.Raw], odd: Counter[str]
) -> Iterator[_Raw]:
    for raw in calls:
        try:
            yield decode(decoder, raw, odd)
        except NotUnderstood:
            odd[Anomaly.RECORD] += 1
