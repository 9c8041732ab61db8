"""OpenTelemetry's values as small slotted records, from the translation to the writer.

Times are UNIX nanoseconds. A span id is the unsigned 64-bit integer whose big-endian bytes go on
the wire; 0 means "none". Attributes keep their order, which is the order of the bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import NamedTuple

import msgspec

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


class Link(msgspec.Struct, frozen=True):
    trace_id: bytes
    span_id: bytes


class Span(msgspec.Struct):
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


class HttpRequest(NamedTuple):
    """``status_class`` is ``1xx`` to ``5xx``, ``error`` without a response, else ``unknown``."""

    server_address: str
    status_class: str


class ModuleRun(msgspec.Struct, frozen=True, gc=False):
    """One execution, for the metrics of the calls. ``seconds`` is its duration, ``errors`` are the
    kinds of its error entries, ``inputs`` the results of the caller's answers. ``transfer`` is the
    result of a transfer, empty for other modules; ``http`` is that of a REST or SOAP module.

    A struct because there are so many, as ``Entry`` is.
    """

    module_type: str
    result_variable: str
    error: bool
    seconds: float
    errors: tuple[str, ...] = ()
    transfer: str = ""
    inputs: tuple[str, ...] = ()
    http: HttpRequest | None = None

    @property
    def module(self) -> str:
        """Type and name, as the metrics and the pages write them."""
        return f"{self.module_type} {self.result_variable}"


class CallSummary(msgspec.Struct, frozen=True):
    """A call as the ``fuse_*`` metrics and the pages see it. ``end`` is UNIX seconds.

    ``contained``: it ended without an answered transfer. ``repeat``: its caller had called before,
    which only the store knows. ``failed`` is the execution that made the call an error.
    """

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
    contained: bool = False
    repeat: bool = False
    version: str = ""
    failed: ModuleRun | None = None
