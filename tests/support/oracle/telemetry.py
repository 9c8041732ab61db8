"""A call as OpenTelemetry, as objects."""

from dataclasses import dataclass

from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import Attributes, CallSummary, Span


@dataclass(slots=True)
class LogRecord:
    time: int
    span_id: int
    severity_number: int
    severity_text: str
    body: str
    attributes: Attributes
    event_name: str = ""


@dataclass(slots=True)
class Telemetry:
    """A call as OpenTelemetry: ``spans[0]`` is the root unless this is growth of a sent call."""

    trace_id: bytes
    resource: Attributes
    spans: list[Span]
    records: list[LogRecord]
    summary: CallSummary
    tally: Tally
