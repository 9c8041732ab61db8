"""The lines that Loki holds of a call, beside the log records that were meant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from support.peers.expected import ExpectedCall, attributes
from support.peers.loki import Line

# What Loki says of each line besides the record's own attributes.
_OF_LOKI = {
    "detected_level",
    "service_name",
    "service_namespace",
    "service_instance_id",
    "service_version",
    "deployment_environment_name",
    "scope_name",
    "scope_version",
    "severity_number",
    "severity_text",
    "trace_id",
    "span_id",
    "observed_timestamp",
    "flags",
    "event_name",
}


class FoundLine(NamedTuple):
    uid: str
    time: int
    text: str
    span: str
    severity: str
    attributes: frozenset[tuple[str, str]]


def of_expected(call: ExpectedCall) -> list[FoundLine]:
    return [_of_record(record) for record in call.records]


def by_trace(lines: Iterable[Line]) -> dict[str, list[FoundLine]]:
    """The lines of each call, in the order of time."""
    found: dict[str, list[FoundLine]] = {}
    for line in lines:
        found.setdefault(line.labels["trace_id"], []).append(_of_line(line))
    return found


def _of_record(record: LogRecord) -> FoundLine:
    named = attributes(record.attributes)
    return FoundLine(
        uid=str(named["log.record.uid"]),
        time=record.time_unix_nano,
        text=record.body.string_value,
        span=record.span_id.hex(),
        severity=record.severity_text,
        attributes=frozenset((key.replace(".", "_"), _text(v)) for key, v in named.items()),
    )


def _of_line(line: Line) -> FoundLine:
    own = {key: value for key, value in line.labels.items() if key not in _OF_LOKI}
    return FoundLine(
        uid=line.labels["log_record_uid"],
        time=line.time,
        text=line.text,
        span=line.labels["span_id"],
        severity=line.labels["severity_text"],
        attributes=frozenset(own.items()),
    )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
