"""What follows from an export result: one function a result, nothing else looked at."""

from __future__ import annotations

from msgspec import Struct

from fuse_otel.core.batching.batch import ExportRequest, singles
from fuse_otel.core.batching.export_result import (
    Accepted,
    ExportResult,
    PartialSuccess,
    PermanentFailure,
    RequestTooLarge,
    Retry,
    Suspended,
)
from fuse_otel.ports import Acknowledgement, ParkedCopy
from fuse_otel.shipper.options import ShipperOptions

_NO_PROFILE = (
    "the back end calls record after record too old; if it is Loki, set FUSE_OTEL_LOGS_FLAVOUR=loki"
    ' (in a table of destinations: logs_flavour = "loki")'
)


class Acknowledge(Struct, frozen=True):
    """The lane has done with these calls; ``parked`` is empty or a copy of each, in their order."""

    parked: tuple[ParkedCopy, ...] = ()


class Split(Struct, frozen=True):
    """Send two halves instead."""


class RetryLater(Struct, frozen=True):
    """The same again, later; not before ``after`` seconds if the back end named them."""

    reason: str
    after: float | None


class Suspend(Struct, frozen=True):
    """The lane cannot deliver. ``doubtful``: try with other calls before these again."""

    code: str
    reason: str
    doubtful: bool = False


Decision = Acknowledge | Split | RetryLater | Suspend


class Refusals:
    """Counts single calls that were refused in a row. From the limit on it is not the data."""

    def __init__(self, options: ShipperOptions) -> None:
        self._limit = options.refusals
        self._parks_old_records = options.parks_old_records
        self._calls = self._old_records = self._limit - 1 if options.doubted else 0

    def note(self, result: ExportResult, request: ExportRequest) -> None:
        if not request.single:
            return
        if isinstance(result, PermanentFailure) and result.one_record:
            self._old_records += 1
        elif isinstance(result, PermanentFailure | RequestTooLarge):
            self._calls += 1

    def note_accepted(self, *, live: bool) -> None:
        """A live call is never too old: that it is accepted says nothing about the old ones."""
        self._calls = 0
        if not live:
            self._old_records = 0

    def note_idle(self) -> None:
        """No backlog is refused: a record that is too old now and then is only that."""
        self._old_records = 0

    def doubt(self, result: PermanentFailure | RequestTooLarge) -> str:
        """Why the cause is not the data; empty while it may be."""
        if isinstance(result, PermanentFailure) and result.one_record:
            many = self._old_records >= self._limit and not self._parks_old_records
            return _NO_PROFILE if many else ""
        many = self._calls >= self._limit
        return "call after call is refused, none was parked since" if many else ""


def result_policy(result: ExportResult, request: ExportRequest, refusals: Refusals) -> Decision:
    """``refusals`` counts this result already."""
    match result:
        case Accepted():
            return Acknowledge()
        case PartialSuccess():
            return _partial_success(result, request)
        case Retry():
            return RetryLater(result.reason, result.after)
        case Suspended():
            return Suspend(result.code, result.reason)
        case PermanentFailure() | RequestTooLarge():
            return _refused(result, request, refusals.doubt(result))


def _partial_success(result: PartialSuccess, request: ExportRequest) -> Acknowledge:
    """OTLP forbids to send a partial success again. It does not say which items were rejected, so
    each call keeps a copy, with the count as far as it can be its own.
    """
    return Acknowledge(
        tuple(_copy(one, result, min(result.count, one.items)) for one in singles(request))
    )


def _refused(
    result: PermanentFailure | RequestTooLarge, request: ExportRequest, doubt: str
) -> Decision:
    """Halved until the offending call is alone, and that one is parked."""
    if doubt and (request.single or isinstance(result, PermanentFailure)):
        return Suspend(result.code, f"{doubt}: {result.reason}", doubtful=True)
    if not request.single:
        return Split()
    return Acknowledge((_copy(request, result, request.items),))


def _copy(
    single: ExportRequest,
    result: PartialSuccess | PermanentFailure | RequestTooLarge,
    rejected: int,
) -> ParkedCopy:
    (part,) = single.parts
    return ParkedCopy(part.call, rejected, result.code, result.reason, single.data)


def acknowledgements(
    request: ExportRequest, parked: tuple[ParkedCopy, ...]
) -> list[Acknowledgement]:
    """One a batch. ``parked`` is empty or holds a copy of each call, in the request's order."""
    offsets: dict[int, list[int]] = {}
    copies: dict[int, list[ParkedCopy]] = {}
    for part in request.parts:
        offsets.setdefault(part.batch_id, []).append(part.call.offset)
    for part, copy in zip(request.parts, parked, strict=False):
        copies.setdefault(part.batch_id, []).append(copy)
    return [
        Acknowledgement(batch_id, tuple(places), tuple(copies.get(batch_id, ())))
        for batch_id, places in offsets.items()
    ]
