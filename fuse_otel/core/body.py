"""A body: the calls of one rendering as one gzip member, with each call's place in it."""

from __future__ import annotations

from dataclasses import dataclass

from fuse_otel.core.lane import Rendering
from fuse_otel.core.telemetry import Signal

MAX_INFLATED = 2_500_000


@dataclass(frozen=True, slots=True)
class BodyCall:
    """A call inside a body. ``offset`` and ``length`` count inflated bytes; ``items`` counts
    spans or log records; ``start`` and ``end`` are the call's, UNIX seconds.
    """

    session_id: str
    start: int | None
    end: int | None
    offset: int
    length: int
    items: int


@dataclass(frozen=True, slots=True)
class NewBody:
    """``data`` is one gzip member (mtime 0) of ``size`` inflated bytes: an OTLP export request."""

    rendering: Rendering
    data: bytes
    size: int
    calls: tuple[BodyCall, ...]


@dataclass(frozen=True, slots=True)
class Body:
    """A stored body as one lane sees it: ``calls`` are those it has not resolved yet.

    ``whole`` tells whether these are all calls of the body, so that ``data`` can be sent as it is.
    """

    id: int
    signal: Signal
    data: bytes
    size: int
    calls: tuple[BodyCall, ...]
    whole: bool
