"""What became of one export request, as a value the shipper acts on.

``code`` is the answer's status as the metrics name it: an HTTP status, a gRPC code name, or a word
such as ``timeout``. ``reason`` is a sentence that may be shown; it holds no payload of ours.
"""

from __future__ import annotations

from msgspec import Struct


class Accepted(Struct, frozen=True):
    code: str


class PartialSuccess(Struct, frozen=True):
    """The back end took the request and rejected ``count`` of its spans or log records."""

    code: str
    count: int
    reason: str


class Retry(Struct, frozen=True):
    """The same bytes may be accepted later; ``after`` seconds if the back end named a time."""

    code: str
    reason: str
    after: float | None = None


class PermanentFailure(Struct, frozen=True):
    """The back end refuses the data. ``one_record``: its message is known to concern a single
    record.
    """

    code: str
    reason: str
    one_record: bool = False


class RequestTooLarge(Struct, frozen=True):
    """The request is larger than the back end accepts: the same data in two halves may pass."""

    code: str
    reason: str


class Suspended(Struct, frozen=True):
    """The configuration, or a proxy, is wrong, not the data. An operator has to correct it."""

    code: str
    reason: str


ExportResult = Accepted | PartialSuccess | Retry | PermanentFailure | RequestTooLarge | Suspended
