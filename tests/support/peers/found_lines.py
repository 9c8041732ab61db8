"""The log records that a log store holds of a call, beside the records that were expected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from support.pages.semconv_registry import place
from support.peers.expected import ExpectedCall, attributes
from support.peers.loki import Line

# Fields of a row of VictoriaLogs that are no attribute of the record.
_OF_VICTORIALOGS = {
    "_time", "_msg", "_stream", "_stream_id", "scope.name", "scope.version", "severity_number",
    "severity_text", "trace_id", "span_id", "event_name",
}  # fmt: skip
# Labels of a line of Loki that are no attribute of the record.
_OF_LOKI = {
    "detected_level", "service_name", "service_namespace", "service_instance_id",
    "service_version", "deployment_environment_name", "scope_name", "scope_version",
    "severity_number", "severity_text", "trace_id", "span_id", "observed_timestamp", "flags",
    "event_name",
}  # fmt: skip


class FoundLine(NamedTuple):
    """``time`` is UNIX nanoseconds. ``attributes`` holds every value as text."""

    uid: str
    time: int
    text: str
    span: str
    severity: str
    attributes: frozenset[tuple[str, str]]


def of_expected(call: ExpectedCall) -> list[FoundLine]:
    return [_of_record(record) for record in call.records]


def of_calls(calls: Mapping[str, ExpectedCall]) -> dict[str, list[FoundLine]]:
    """The expected records by trace id, of the calls that have some."""
    return {trace_id: of_expected(call) for trace_id, call in calls.items() if call.records}


def of_victorialogs(rows: Iterable[Mapping[str, str]]) -> dict[str, list[FoundLine]]:
    """The records of each call by its trace id, in the order of time."""
    resource = place("resource").keys()
    found: dict[str, list[FoundLine]] = {}
    for row in sorted(rows, key=lambda row: nanoseconds(row["_time"])):
        own = {k: v for k, v in row.items() if k not in _OF_VICTORIALOGS and k not in resource}
        line = FoundLine(
            row["log.record.uid"],
            nanoseconds(row["_time"]),
            row["_msg"],
            row["span_id"],
            row["severity_text"],
            frozenset(own.items()),
        )
        found.setdefault(row["trace_id"], []).append(line)
    return found


def of_loki(lines: Iterable[Line]) -> dict[str, list[FoundLine]]:
    """The records of each call by its trace id, in the order of time."""
    found: dict[str, list[FoundLine]] = {}
    for line in lines:
        own = {key: value for key, value in line.labels.items() if key not in _OF_LOKI}
        made = FoundLine(
            line.labels["log_record_uid"],
            line.time,
            line.text,
            line.labels["span_id"],
            line.labels["severity_text"],
            frozenset(own.items()),
        )
        found.setdefault(line.labels["trace_id"], []).append(made)
    return found


def with_underscores(line: FoundLine) -> FoundLine:
    """As Loki writes the names of attributes."""
    named = frozenset((name.replace(".", "_"), value) for name, value in line.attributes)
    return line._replace(attributes=named)


def nanoseconds(time: str) -> int:
    """UNIX nanoseconds of a time such as ``2026-11-24T04:44:13.000001Z``."""
    seconds, _, fraction = time.removesuffix("Z").partition(".")
    whole = int(datetime.fromisoformat(f"{seconds}+00:00").timestamp())
    return whole * 10**9 + int(fraction.ljust(9, "0"))


def _of_record(record: LogRecord) -> FoundLine:
    named = attributes(record.attributes)
    return FoundLine(
        uid=str(named["log.record.uid"]),
        time=record.time_unix_nano,
        text=record.body.string_value,
        span=record.span_id.hex(),
        severity=record.severity_text,
        attributes=frozenset((key, _text(value)) for key, value in named.items()),
    )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
