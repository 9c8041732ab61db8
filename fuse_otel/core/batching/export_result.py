"""What became of one export request, as a value the shipper acts on.

``code`` is the answer's status as the metrics name it: an HTTP status, a gRPC code name, or a word
such as ``timeout``. ``reason`` is a sentence that may be shown; it holds no payload of ours.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Accepted:
    code: str


@dataclass(frozen=True, slots=True)
class PartialSuccess:
    """The back end took the request and rejected ``count`` of its spans or log records."""

    code: str
    count: int
    reason: str


@dataclass(frozen=True, slots=True)
class Retry:
    """The same bytes may be accepted later; ``after`` seconds if the back end named a time."""

    code: str
    reason: str
    after: float | None = None


@dataclass(frozen=True, slots=True)
class PermanentFailure:
    """The back end refuses the data. ``one_record``: its message is known to concern a single
    record.
    """

    code: str
    reason: str
    one_record: bool = False


@dataclass(frozen=True, slots=True)
class RequestTooLarge:
    """The request is larger than the back end accepts: the same data in two halves may pass."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Suspended:
    """The configuration, or a proxy, is wrong, not the data. An operator has to correct it."""

    code: str
    reason: str


ExportResult = Accepted | PartialSuccess | Retry | PermanentFailure | RequestTooLarge | Suspended
