"""A fake of Grafana Loki 3.7.8 with its stock limits.

It answers OTLP as the real one did when it was measured on 2026-11-23 and 2026-11-24: 204 for what
it stores, and 400 for a request with a record that it refuses, while it stores the other records.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self

from google.rpc.status_pb2 import Status
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs

from support.fakes.otlp_answer import NO_CONTENT, Answer
from support.fakes.otlp_receiver import OtlpReceiver
from support.fakes.otlp_request import Request
from support.peers import logql
from support.peers.expected import attributes
from support.peers.loki import DAY, Line

LIMITS = {
    "max_global_streams_per_user": "5000",
    "max_line_size": "256KB",
    "max_structured_metadata_size": "64KB",
    "max_structured_metadata_entries_count": "128",
    "reject_old_samples_max_age": "1w",
    "ingestion_rate_mb": "4",
}
_MAX_LINE, _MAX_METADATA, _MAX_METADATA_ENTRIES = 256 * 1024, 64 * 1024, 128
_MAX_AGE = 7 * DAY
_ORDER_WINDOW = 3600.0  # seconds behind the newest record of a stream
_INGESTER_QUERIES = 3 * 3600.0  # older records are visible after a flush only
_STREAM_ATTRIBUTES = re.compile(
    r"service\.(name|namespace|instance\.id)|deployment\.environment(\.name)?"
    r"|cloud\.(region|availability_zone)|k8s\..+|container\.name"
)
_LEVELS = {"DEBUG": "debug", "INFO": "info", "WARN": "warn", "ERROR": "error"}


@dataclass
class _Stream:
    labels: Mapping[str, str]
    newest: float = 0.0
    active: bool = True
    lines: dict[tuple[object, ...], Line] = field(default_factory=dict)
    flushed: set[tuple[object, ...]] = field(default_factory=set)


class FakeLoki:
    """A context manager. ``max_streams``: how many active streams a tenant may have."""

    def __init__(self, max_streams: int = int(LIMITS["max_global_streams_per_user"])) -> None:
        self.refusals: list[str] = []
        self._max_streams = max_streams
        self._streams: dict[str, dict[tuple[tuple[str, str], ...], _Stream]] = {}
        self._lock = threading.Lock()
        self._receiver = OtlpReceiver(decide=self._push)

    def __enter__(self) -> Self:
        self._receiver.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._receiver.stop()

    # --- what Loki offers ---

    @property
    def otlp(self) -> str:
        return f"{self._receiver.url}/otlp"

    def lines(self, tenant: str, query: str, start: float, end: float) -> list[Line]:
        matchers, rest = logql.selector(query)
        passes = logql.stages(rest)
        with self._lock:
            found = [
                line
                for stream in self._matching(tenant, matchers)
                for line in _visible(stream, time.time())
                if start * 1e9 <= line.time < end * 1e9 and passes(line.text, line.labels)
            ]
        return sorted(found, key=lambda line: line.time)

    def streams(self, tenant: str, query: str, start: float) -> int:
        matchers, _ = logql.selector(query)
        with self._lock:
            matching = self._matching(tenant, matchers)
            return sum(stream.newest >= start for stream in matching)

    def flush(self) -> None:
        with self._lock:
            for streams in self._streams.values():
                for stream in streams.values():
                    stream.flushed = set(stream.lines)

    def limits(self) -> Mapping[str, str]:
        return LIMITS

    # --- what only the fake offers ---

    def let_streams_go_idle(self) -> None:
        """As after ``ingester.chunk_idle_period``: no stream counts as active any more."""
        self.flush()
        with self._lock:
            for streams in self._streams.values():
                for stream in streams.values():
                    stream.active = False

    # --- ingestion ---

    def _push(self, request: Request) -> Answer:
        if request.path != "/otlp/v1/logs":
            return Answer(404)
        tenant = request.headers.get("x-scope-orgid")
        if tenant is None:
            return Answer(401, body=b"no org id\n")
        with self._lock:
            refused = list(self._store(tenant, request))
        if not refused:
            return NO_CONTENT
        message = "\n".join(words for _, words in refused)
        self.refusals.append(message)
        code = 429 if any(code == 429 for code, _ in refused) else 400
        body = Status(message=message).SerializeToString()
        return Answer(code, {"Content-Type": "application/octet-stream"}, body, keep=False)

    def _store(self, tenant: str, request: Request) -> Iterator[tuple[int, str]]:
        """Keep what is good; HTTP status and message of each refusal."""
        for group in request.message.resource_logs:
            labels, others = _labels(group)
            for scope in group.scope_logs:
                for record in scope.log_records:
                    line = _line(record, labels, others, scope)
                    if refusal := self._refusal(tenant, labels, line):
                        yield refusal
                    else:
                        _keep(self._stream(tenant, labels), line)

    def _refusal(
        self, tenant: str, labels: Mapping[str, str], line: Line
    ) -> tuple[int, str] | None:
        named = ", ".join(f'{name}="{value}"' for name, value in labels.items())
        if refusal := _refusal_of_line(labels, line, named):
            return 400, refusal
        known = self._streams.get(tenant, {}).get(_key(labels))
        if known is None or not known.active:
            active = sum(each.active for each in self._streams.get(tenant, {}).values())
            if active >= self._max_streams:
                return 429, f"Maximum active stream limit exceeded, user: '{tenant}': {{{named}}}"
        elif line.time / 1e9 < known.newest - _ORDER_WINDOW:
            then, oldest = _iso(line.time / 1e9), _iso(known.newest - _ORDER_WINDOW)
            return 400, (
                f"entry with timestamp {then} ignored, reason: 'entry too far behind, entry"
                f" timestamp is: {then}, oldest acceptable timestamp is: {oldest}',"
                f" for stream: {{{named}}}"
            )
        return None

    def _stream(self, tenant: str, labels: Mapping[str, str]) -> _Stream:
        stream = self._streams.setdefault(tenant, {}).setdefault(_key(labels), _Stream(labels))
        stream.active = True
        return stream

    def _matching(self, tenant: str, matchers: Mapping[str, str]) -> list[_Stream]:
        return [
            stream
            for stream in self._streams.get(tenant, {}).values()
            if all(
                re.fullmatch(pattern, stream.labels.get(name, ""))
                for name, pattern in matchers.items()
            )
        ]


def _key(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(labels.items()))


def _refusal_of_line(labels: Mapping[str, str], line: Line, stream: str) -> str:
    """Why Loki takes such a line into no stream; empty if it takes it."""
    metadata = {name: value for name, value in line.labels.items() if name not in labels}
    if line.time / 1e9 < time.time() - _MAX_AGE:
        return f"entry for stream '{{{stream}}}' has timestamp too old: {_iso(line.time / 1e9)}"
    if len(line.text.encode()) > _MAX_LINE:
        return f"Max entry size '{_MAX_LINE}' bytes exceeded for stream '{{{stream}}}'"
    size = sum(len(f"{name}{value}".encode()) for name, value in metadata.items())
    if size > _MAX_METADATA or len(metadata) > _MAX_METADATA_ENTRIES:
        return f"stream '{{{stream}}}' has structured metadata too large"
    return ""


def _keep(stream: _Stream, line: Line) -> None:
    """The same line with the same labels and the same time is stored once."""
    stream.lines[line.time, line.text, *_key(line.labels)] = line
    stream.newest = max(stream.newest, line.time / 1e9)


def _visible(stream: _Stream, now: float) -> Iterable[Line]:
    oldest = (now - _INGESTER_QUERIES) * 1e9
    return [
        line for key, line in stream.lines.items() if line.time >= oldest or key in stream.flushed
    ]


def _labels(group: ResourceLogs) -> tuple[dict[str, str], dict[str, str]]:
    """The labels of the stream, and what a resource adds to the metadata of its records."""
    named = _texts(group.resource.attributes)
    labels = {k.replace(".", "_"): v for k, v in named.items() if _STREAM_ATTRIBUTES.fullmatch(k)}
    others = {k.replace(".", "_"): v for k, v in named.items()}
    return labels, {k: v for k, v in others.items() if k not in labels}


def _line(
    record: LogRecord, labels: Mapping[str, str], others: Mapping[str, str], scope: ScopeLogs
) -> Line:
    metadata = {name.replace(".", "_"): v for name, v in _texts(record.attributes).items()}
    own = {
        "trace_id": record.trace_id.hex(),
        "span_id": record.span_id.hex(),
        "severity_text": record.severity_text,
        "severity_number": str(record.severity_number),
        "detected_level": _LEVELS[record.severity_text],
        "scope_name": scope.scope.name,
        "scope_version": scope.scope.version,
        "observed_timestamp": str(record.observed_time_unix_nano),
    }
    return Line(
        record.time_unix_nano,
        record.body.string_value,
        {**others, **metadata, **own, **labels},
    )


def _texts(pairs: Iterable[KeyValue]) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in attributes(pairs).items()
    }


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
