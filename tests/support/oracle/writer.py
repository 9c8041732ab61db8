"""Writes telemetry as OTLP, object by object: what the encoder of the product is held against.

The result is the repeated field 1 of an ``ExportTraceServiceRequest`` or an
``ExportLogsServiceRequest``. Protobuf joins messages by joining their bytes, so the results of
several calls in a row are one valid request. The same telemetry always gives the same bytes:
back ends recognise a re-sent span by its bytes. Written by hand because protobuf's own classes take
several times as long, and do not promise stable bytes between releases.

Never raises for the content of a call: broken strings are repaired, times are clipped to 64 bits.
Field numbers: https://github.com/open-telemetry/opentelemetry-proto, version 1.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from struct import Struct

from fuse_otel.core.encoding.protobuf import (
    MAX_FIXED64,
    AttributeWriter,
    message,
    string,
    utf8,
    varint,
)
from fuse_otel.core.model import semconv
from fuse_otel.core.model.telemetry import Attributes, Link, Profile, Span
from support.oracle.telemetry import LogRecord, Telemetry

STREAM_OFF = "off"
_HOUR = 3600 * 10**9
_FIXED64 = Struct("<Q")
_KIND_AND_TIMES = Struct("<BBBQBQ")
# Field 16, fixed32: sampled; the parent is known not to be remote.
_SPAN_FLAGS = b"\x85\x01" + Struct("<I").pack(0x101)
# Field 6, fixed32: the linked span is known to be remote.
_LINK_FLAGS = b"\x35" + Struct("<I").pack(0x300)
# Field 8, fixed32: sampled.
_LOG_FLAGS = b"\x45" + Struct("<I").pack(1)
_ERROR_CODE = b"\x18\x02"


def encode_traces(telemetry: Telemetry) -> bytes:
    """One ``ResourceSpans``, or nothing if the call has no spans."""
    if not telemetry.spans:
        return b""
    write = _SpanWriter(telemetry.trace_id)
    return _resource_message(telemetry.resource, map(write, telemetry.spans))


def encode_logs(telemetry: Telemetry, profile: Profile, stream_attribute: str) -> bytes:
    """One ``ResourceLogs``, or nothing if the call has no records.

    Loki refuses a record that is an hour behind the newest of its stream, and makes streams of
    resource attributes. For it there is one ``ResourceLogs`` for each hour (UTC) of the records,
    with ``stream_attribute`` naming the hour; ``off`` or empty leaves that out.
    """
    if not telemetry.records:
        return b""
    write = _LogWriter(telemetry.trace_id)
    if profile is not Profile.LOKI or stream_attribute in {"", STREAM_OFF}:
        return _resource_message(telemetry.resource, map(write, telemetry.records))
    return b"".join(
        _resource_message({**telemetry.resource, stream_attribute: hour_name(hour)}, map(write, of))
        for hour, of in _by_hour(telemetry.records).items()
    )


def _by_hour(records: Sequence[LogRecord]) -> dict[int, list[LogRecord]]:
    hours: dict[int, list[LogRecord]] = {}
    for record in records:
        hours.setdefault(_clipped(record.time) // _HOUR, []).append(record)
    return hours


@lru_cache(maxsize=256)
def hour_name(hour: int) -> str:
    """Hours since 1970 as ``2026-11-18T23``."""
    return time.strftime("%Y-%m-%dT%H", time.gmtime(hour * 3600))


@cache
def _scope() -> bytes:
    """``scope`` of a ``ScopeSpans`` or a ``ScopeLogs``."""
    name, version = string(b"\n", semconv.SCOPE_NAME), string(b"\x12", semconv.SCOPE_VERSION)
    return message(b"\n", name + version)


@cache
def _schema_url() -> bytes:
    """``schema_url`` of the resource's and of the scope's message, which have the same number."""
    return string(b"\x1a", semconv.SCHEMA_URL)


def _resource_message(resource: Attributes, members: Iterable[bytes]) -> bytes:
    scoped = b"".join((_scope(), *members, _schema_url()))
    described = message(b"\n", AttributeWriter(b"\n")(resource))
    return message(b"\n", described + message(b"\x12", scoped) + _schema_url())


def _clipped(number: int) -> int:
    return min(max(number, 0), MAX_FIXED64)


def _fixed64(tag: bytes, number: int) -> bytes:
    clipped = _clipped(number)
    return tag + _FIXED64.pack(clipped) if clipped else b""


def _number(tag: bytes, number: int) -> bytes:
    return tag + varint(number) if number > 0 else b""


class _SpanWriter:
    """Writes the spans of one call as repeated field 2 of a ``ScopeSpans``."""

    __slots__ = ("_attributes", "_trace_id")

    def __init__(self, trace_id: bytes) -> None:
        self._trace_id = message(b"\n", trace_id)
        self._attributes = AttributeWriter(b"\x4a")

    def __call__(self, span: Span) -> bytes:
        span_id, parent_id = span.span_id, span.parent_id
        parts = (
            self._trace_id,
            b"\x12\x08" + span_id.to_bytes(8, "big") if span_id else b"",
            b"\x22\x08" + parent_id.to_bytes(8, "big") if parent_id else b"",
            string(b"\x2a", span.name),
            _kind_and_times(span),
            self._attributes(span.attributes),
            b"".join(map(_link, span.links)) if span.links else b"",
            _status(span.message) if span.error else b"",
            _SPAN_FLAGS,
        )
        return message(b"\x12", b"".join(parts))


def _kind_and_times(span: Span) -> bytes:
    kind, start, end = span.kind, span.start, span.end
    if 0 < start <= MAX_FIXED64 and 0 < end <= MAX_FIXED64:
        return _KIND_AND_TIMES.pack(0x30, kind, 0x39, start, 0x41, end)
    return _number(b"\x30", kind) + _fixed64(b"\x39", start) + _fixed64(b"\x41", end)


def _link(link: Link) -> bytes:
    ids = message(b"\n", link.trace_id) + message(b"\x12", link.span_id)
    return message(b"\x6a", ids + _LINK_FLAGS)


def _status(text: str) -> bytes:
    return message(b"\x7a", string(b"\x12", text) + _ERROR_CODE)


class _LogWriter:
    """Writes the records of one call as repeated field 2 of a ``ScopeLogs``."""

    __slots__ = ("_attributes", "_flags_and_trace_id")

    def __init__(self, trace_id: bytes) -> None:
        self._flags_and_trace_id = _LOG_FLAGS + message(b"\x4a", trace_id)
        self._attributes = AttributeWriter(b"\x32", unique=semconv.LOG_RECORD_UID)

    def __call__(self, record: LogRecord) -> bytes:
        moment, span_id = record.time, record.span_id
        stamp = _FIXED64.pack(moment if 0 <= moment <= MAX_FIXED64 else _clipped(moment))
        parts = (
            b"\x09" + stamp if moment > 0 else b"",
            _severity(record.severity_number, record.severity_text),
            message(b"\x2a", message(b"\n", utf8(record.body))),
            self._attributes(record.attributes),
            self._flags_and_trace_id,
            b"\x52\x08" + span_id.to_bytes(8, "big") if span_id else b"",
            # Observed when it happened: the time of reading would make each export differ.
            b"\x59" + stamp if moment > 0 else b"",
            string(b"\x62", record.event_name) if record.event_name else b"",
        )
        return message(b"\x12", b"".join(parts))


@lru_cache(maxsize=256)
def _severity(number: int, text: str) -> bytes:
    """``severity_number`` and ``severity_text``: a handful of pairs in all."""
    return _number(b"\x10", number) + string(b"\x1a", text)
