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

from fuse_otel.core.decoding.call_record import RawCall, RawRecord, call_record, merged, session_id
from fuse_otel.core.decoding.coercion import count, text
from fuse_otel.core.decoding.lenient_json import BOM, NotUnderstood, decode, decode_page
from fuse_otel.core.decoding.log_entries import RawDetail, call_log, error_log, joined, renumbered
from fuse_otel.core.decoding.saved_calls import SavedCall, decode_xml, saved_calls
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
    """The answer of ``/call``: a bare array of entries, or an object that says why not."""
    tally = Tally()
    detail = decode(_DETAIL, data, tally)
    log = call_log(detail, tally)
    if tally.anomalies[Anomaly.DETAIL]:
        raise NotUnderstood("it is JSON, but no list of entries")
    return log, +tally.anomalies


def decode_saved(data: bytes) -> list[SavedCall]:
    """The calls of a saved answer, JSON or XML, as ``saved_calls`` has them."""
    if data.removeprefix(BOM).lstrip().startswith(b"<"):
        return decode_xml(data)
    return saved_calls(decode(_ANY, data, Tally()))


def decode_error(data: bytes) -> str:
    """The API's own reason in ``{"error": …}``, empty if ``data`` is no such answer."""
    try:
        answer = decode(_ANY, data, Tally())
    except NotUnderstood:
        return ""
    return (text(answer.get("error")) or "") if isinstance(answer, dict) else ""


def _page(data: bytes, tally: Tally) -> tuple[_Page, list[msgspec.Raw]]:
    page = decode_page(_PAGE, data, tally)
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
