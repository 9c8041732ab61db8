"""From a listed call and its log to the OTLP bytes of every rendering: the only encoder of the
product.

The bytes are the repeated field 1 of an ``ExportTraceServiceRequest`` or an
``ExportLogsServiceRequest``. Protobuf joins messages by joining their bytes, so the results of
several calls in a row are one valid request. The same telemetry always gives the same bytes:
back ends recognise a re-sent span by its bytes. Written by hand because protobuf's own classes take
several times as long, and do not promise stable bytes between releases.

Never raises for the content of a call: broken strings are repaired, times are clipped to 64 bits.
Field numbers: https://github.com/open-telemetry/opentelemetry-proto, version 1.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache, lru_cache

from msgspec import Struct
from msgspec.structs import replace

from fuse_otel.core.encoding.protobuf import (
    AttributeWriter,
    message,
    string,
)
from fuse_otel.core.encoding.record_writer import WrittenRecord, write_records
from fuse_otel.core.encoding.size_limit import fit_records, fit_spans
from fuse_otel.core.encoding.span_writer import WrittenSpan, write_root, write_runs
from fuse_otel.core.model import semconv
from fuse_otel.core.model.call import CallLog, ListedCall, LogCompleteness
from fuse_otel.core.model.ids import session_key
from fuse_otel.core.model.lane import Rendering
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.redaction_policy import Redaction
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import (
    Attributes,
    CallSummary,
    Profile,
    Signal,
)
from fuse_otel.core.redaction.compiled_entries import EntryTables
from fuse_otel.core.translation.translate import TranslatedCall, translate


class RenderedCall(Struct, frozen=True):
    """``parts``: rendering id → (one or more OTLP resource messages, their spans or records).

    A rendering that has nothing to send for this call is absent. ``traces`` and ``logs`` are
    what the pages show, for no profile. ``summary`` is redacted strictly: metrics count by it.
    ``entries`` is for the ledger.
    """

    session_id: str
    trace_id: str
    start: int | None
    end: int | None
    details: LogCompleteness
    entries: int
    parts: Mapping[str, tuple[bytes, int]]
    traces: bytes
    logs: bytes
    summary: CallSummary
    tally: Tally


class Renderer:
    """Built once from the options; ``render`` is pure. A call is translated once for each
    redaction: those of the renderings, that of the pages and that of the metrics.
    """

    def __init__(
        self,
        options: ModelOptions,
        renderings: Sequence[Rendering],
        tables: EntryTables | None = None,
    ) -> None:
        tables = tables or EntryTables()
        self.renderings = tuple(renderings)
        sent = list(dict.fromkeys(rendering.redaction for rendering in renderings))
        pages = options.redaction.of_the_pages(options.pages_redaction)
        metrics = options.redaction.of_the_metrics
        every = list(dict.fromkeys((*sent, pages, metrics)))
        self._variants = tuple(
            (
                replace(options, redaction=each),
                _profiles(renderings, each),
                tables.compiled(),
            )
            for each in every
        )
        self._pages, self._metrics = every.index(pages), every.index(metrics)
        self._sent = len(sent) or 1  # so many of the variants are sent, the first ones
        self._parts = tuple((each, every.index(each.redaction)) for each in renderings)

    def render(
        self,
        call: ListedCall,
        log: CallLog,
        details: LogCompleteness,
        sent_entries: int | None = None,
    ) -> RenderedCall:
        """Raises nothing, for any call. With ``sent_entries`` the call was exported before with so
        many entries: only new entries and executions are encoded, the executions marked late.
        """
        encoders = [
            _Encoder(
                translate(call, log, details, options, compiled, sent_entries), options, profiles
            )
            for options, profiles, compiled in self._variants
        ]
        pages = encoders[self._pages]
        return RenderedCall(
            session_id=session_key(call.session_id),
            trace_id=pages.call.ids.trace_id.hex(),
            start=pages.call.summary.start,
            end=pages.call.summary.end,
            details=details,
            entries=max(log.count, sent_entries or 0),
            parts={
                rendering.id: part
                for rendering, variant in self._parts
                if (part := encoders[variant].part(rendering))[0]
            },
            traces=pages.traces,
            logs=pages.logs(Profile.GENERIC),
            summary=encoders[self._metrics].call.summary,
            tally=_tally([encoder.call for encoder in encoders[: self._sent]]),
        )


def _profiles(renderings: Sequence[Rendering], redaction: Redaction) -> AbstractSet[Profile]:
    """Those for which logs with this redaction are written."""
    return {
        each.profile
        for each in renderings
        if each.signal is Signal.LOGS and each.redaction == redaction
    }


def _tally(sent: Sequence[TranslatedCall]) -> Tally:
    """Redactions and truncations of all that is sent. Anomalies of a call count once."""
    tally = sent[0].tally
    for other in sent[1:]:
        tally.redactions.update(other.tally.redactions)
        tally.truncations.update(other.tally.truncations)
    return tally


def distinct(signal: Signal, profile: Profile) -> Profile:
    """One profile for all that have the same bytes. Only Loki's logs have bytes of their own."""
    is_loki = signal is Signal.LOGS and profile is Profile.LOKI
    return Profile.LOKI if is_loki else Profile.GENERIC


class _Encoder:
    """Writes the records and spans of a call once, and joins them for each profile with bytes of
    its own.
    """

    def __init__(
        self, call: TranslatedCall, options: ModelOptions, profiles: AbstractSet[Profile]
    ) -> None:
        self.call = call
        self.traces = b""
        self._records = write_records(call, options)
        # The size limit is measured on the largest. Loki's has a resource for each hour.
        self._largest = Profile.LOKI if Profile.LOKI in profiles else Profile.GENERIC
        self._stream_attribute = options.loki_stream_attribute
        self._logs: dict[Profile, bytes] = {}
        fit_records(call, self._records, self._logs_size)
        self._spans = [*write_root(call), *write_runs(call)]
        fit_spans(call, self._spans, self._traces_size)

    def part(self, rendering: Rendering) -> tuple[bytes, int]:
        if rendering.signal is Signal.TRACES:
            return self.traces, len(self._spans)
        return self.logs(rendering.profile), len(self._records)

    def logs(self, profile: Profile) -> bytes:
        profile = distinct(Signal.LOGS, profile)
        if profile not in self._logs:
            self._logs[profile] = logs_message(
                self.call.resource, self._records, profile, self._stream_attribute
            )
        return self._logs[profile]

    def _logs_size(self) -> int:
        self._logs.clear()
        return len(self.logs(self._largest))

    def _traces_size(self) -> int:
        self.traces = traces_message(self.call.resource, self._spans)
        return len(self.traces)


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
