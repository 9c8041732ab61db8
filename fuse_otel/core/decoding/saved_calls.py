"""The calls of a saved answer of the API, whichever of the three it is."""

from __future__ import annotations

from typing import Any

import msgspec

from fuse_otel.core.decoding.answers import RawCall, call_record, merged
from fuse_otel.core.decoding.lenient_json import NotUnderstood
from fuse_otel.core.decoding.log_entries import RawDetail, call_log, joined, renumbered
from fuse_otel.core.decoding.xml_form import decode_document
from fuse_otel.core.model.call import CallLog, CallRecord
from fuse_otel.core.model.tally import Tally

SavedCall = tuple[CallRecord | None, CallLog]


def decode_saved(data: bytes) -> list[SavedCall]:
    """The calls of a saved answer, JSON or XML, see ``saved_calls``."""
    return saved_calls(decode_document(data, Tally()))


def saved_calls(value: object) -> list[SavedCall]:
    """Each call of the file once: its record (``None`` for a bare list of entries) and its log.

    ``value`` is decoded JSON: an answer of ``/call``, ``/all_logs`` or ``/calls``, a list of calls
    or a single one. Nothing counts the anomalies of a file. Raises ``NotUnderstood``.
    """
    tally = Tally()
    if isinstance(value, dict):
        value = _listed(value, tally)
    if not isinstance(value, list):
        raise NotUnderstood("it holds neither calls nor entries")
    if any(isinstance(element, dict) and "session_id" in element for element in value):
        return _calls(value, tally)
    detail: RawDetail = msgspec.convert(value, RawDetail)
    return [(None, call_log(detail, tally))] if value else []


def _listed(value: dict[str, Any], tally: Tally) -> object:
    """The array inside the object."""
    while "calls" in value:  # a loop: a file may nest this as deep as the decoder reads
        calls = value["calls"]
        if not isinstance(calls, dict):
            return calls or []
        value = calls
    if "session_id" in value:
        return [value]
    if "error" in value:
        raise NotUnderstood("it holds an error of the API instead of a call")
    return renumbered(value, tally)


def _calls(values: list[Any], tally: Tally) -> list[SavedCall]:
    found: dict[str, tuple[CallRecord, CallLog]] = {}
    for value in values:
        if not isinstance(value, dict):
            continue
        raw = msgspec.convert(value, RawCall)
        record = call_record(raw, tally, listed=False)
        if record is None:
            continue
        log = call_log(raw.detail, tally)
        known = found.get(record.session_id)
        if known is not None:
            record, log = merged(known[0], record), joined(known[1], log)
        found[record.session_id] = record, log
    return list(found.values())
