"""OpenTelemetry's values as small slotted records: what the transform yields and the wire takes.

Times are UNIX nanoseconds. A span id is the unsigned 64-bit integer whose big-endian bytes go on
the wire; 0 stands for "none". Attributes keep their order, which is the order of the bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple

from fuse_otel.core.model.call import Direction, LogCompleteness

Value = str | bool | int | float | tuple[str, ...]
Attributes = Mapping[str, Value]


class Signal(StrEnum):
    TRACES = "traces"
    LOGS = "logs"


class Profile(StrEnum):
    """Which back end's known limits a rendering takes into account."""

    GENERIC = "generic"
    TEMPO = "tempo"
    LOKI = "loki"
    JAEGER = "jaeger"


class SpanKind(IntEnum):
    """OTLP's SpanKind."""

    INTERNAL = 1
    SERVER = 2
    CLIENT = 3
    PRODUCER = 4
    CONSUMER = 5


@dataclass(frozen=True, slots=True)
class Link:
    trace_id: bytes
    span_id: bytes


@dataclass(slots=True)
class Span:
    span_id: int
    parent_id: int
    name: str
    kind: SpanKind
    start: int
    end: int
    attributes: Attributes
    error: bool = False
    message: str = ""
    links: tuple[Link, ...] = ()


@dataclass(slots=True)
class LogRecord:
    time: int
    span_id: int
    severity_number: int
    severity_text: str
    body: str
    attributes: Attributes
    event_name: str = ""


class Note(NamedTuple):
    """What became of a key of an entry's data, or of its ``LINE``: the attributes it made, and the
    rules that took something of it away. ``entry`` is the entry's index.
    """

    entry: int
    subject: str
    made: tuple[str, ...]
    taken_by: tuple[str, ...]


LINE = ""
"""The subject that stands for an entry's line."""


@dataclass(slots=True)
class Tally:
    """What the transform counted: rule, kind, kind → how often. ``notes`` are taken if somebody
    wants an explanation.
    """

    redactions: Counter[str] = field(default_factory=Counter)
    truncations: Counter[str] = field(default_factory=Counter)
    anomalies: Counter[str] = field(default_factory=Counter)
    notes: list[Note] | None = None

    def note(self, entry: int, subject: str, made: Attributes, before: Counter[str]) -> None:
        """``before``: what ``taken`` told before the subject was read."""
        if self.notes is not None:
            self.notes.append(Note(entry, subject, tuple(made), tuple(self.redactions - before)))

    def taken(self) -> Counter[str]:
        """A copy of the redactions, if notes are taken."""
        return Counter() if self.notes is None else self.redactions.copy()

    def add(self, other: Tally) -> None:
        self.redactions.update(other.redactions)
        self.truncations.update(other.truncations)
        self.anomalies.update(other.anomalies)


@dataclass(frozen=True, slots=True)
class ModuleRun:
    """One execution, for the metrics of the calls. ``seconds`` is its duration."""

    module_type: str
    result_variable: str
    error: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class CallSummary:
    """A call as the ``fuse_*`` metrics and the pages see it. ``end`` is UNIX seconds."""

    application: str
    direction: Direction
    outcome: str
    details: LogCompleteness
    error: bool
    start: int | None
    end: int | None
    seconds: float
    modules: tuple[ModuleRun, ...]
    entries: Mapping[str, int]


@dataclass(slots=True)
class Telemetry:
    """A call as OpenTelemetry: ``spans[0]`` is the root unless this is growth of a sent call."""

    trace_id: bytes
    resource: Attributes
    spans: list[Span]
    records: list[LogRecord]
    summary: CallSummary
    tally: Tally
