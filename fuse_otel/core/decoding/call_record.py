"""A record of the list of calls from what the API sends in its place."""

from __future__ import annotations

from typing import Any

import msgspec

from fuse_otel.core.decoding.coercion import flag, seconds, text
from fuse_otel.core.decoding.log_entries import RawDetail, bounded
from fuse_otel.core.model.call import CallRecord
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
