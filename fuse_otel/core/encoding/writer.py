"""Writes OTLP: the only encoder of the product.

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

from fuse_otel.core.encoding.protobuf import (
    AttributeWriter,
    message,
    string,
)
from fuse_otel.core.encoding.record_writer import WrittenRecord
from fuse_otel.core.encoding.span_writer import WrittenSpan
from fuse_otel.core.model import semconv
from fuse_otel.core.model.telemetry import (
    Attributes,
    Profile,
)

STREAM_OFF = "off"
_HOUR = 3600 * 10**9


def traces_message(resource: Attributes, spans: Sequence[WrittenSpan]) -> bytes:
    """One ``ResourceSpans``, or nothing if there are no spans."""
    if not spans:
        return b""
    return _resource_message(resource, [data for _, data in spans])


def logs_message(
    resource: Attributes, records: Sequence[WrittenRecord], profile: Profile, stream_attribute: str
) -> bytes:
    """One ``ResourceLogs``, or nothing if there are no records.

    Loki refuses a record that is an hour behind the newest of its stream, and makes streams of
    resource attributes. For it there is one ``ResourceLogs`` for each hour (UTC) of the records,
    with ``stream_attribute`` naming the hour; ``off`` or empty leaves that out.
    """
    if not records:
        return b""
    if profile is not Profile.LOKI or stream_attribute in {"", STREAM_OFF}:
        return _resource_message(resource, [data for _, _, data in records])
    return b"".join(
        _resource_message({**resource, stream_attribute: hour_name(hour)}, members)
        for hour, members in _by_hour(records).items()
    )


def _by_hour(records: Sequence[WrittenRecord]) -> dict[int, list[bytes]]:
    hours: dict[int, list[bytes]] = {}
    for nanoseconds, _, data in records:
        hours.setdefault(nanoseconds // _HOUR, []).append(data)
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
