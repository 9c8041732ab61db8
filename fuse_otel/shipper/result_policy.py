"""What to do about an outcome: one function an outcome, nothing else looked at."""

from __future__ import annotations

from dataclasses import dataclass

from fuse_otel.core.batching.export_request import ExportRequest, singles
from fuse_otel.core.batching.export_result import (
    Accepted,
    ExportResult,
    PartialSuccess,
    PermanentFailure,
    RequestTooLarge,
    Retry,
    Suspended,
)
from fuse_otel.ports import ParkedCopy


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """The lane has done with these calls; ``parked`` is empty or a copy of each, in their order."""

    parked: tuple[ParkedCopy, ...] = ()


@dataclass(frozen=True, slots=True)
class Split:
    """Send two halves instead."""


@dataclass(frozen=True, slots=True)
class RetryLater:
    """The same again, later; not before ``after`` seconds if the back end named them."""

    reason: str
    after: float | None


@dataclass(frozen=True, slots=True)
class Suspend:
    """The lane cannot deliver. ``doubtful``: try with other calls before these again."""

    code: str
    reason: str
    doubtful: bool = False


Decision = Acknowledge | Split | RetryLater | Suspend


def result_policy(outcome: ExportResult, shipment: ExportRequest, row: int, limit: int) -> Decision:
    """``row``: single calls refused in a row, this one included, none accepted between. From
    ``limit`` on it is not the data.
    """
    match outcome:
        case Accepted():
            return Acknowledge()
        case PartialSuccess():
            return _rejected(outcome, shipment)
        case Retry():
            return RetryLater(outcome.reason, outcome.after)
        case PermanentFailure():
            return _refused(outcome, shipment, doubt=row >= limit and not outcome.one_record)
        case RequestTooLarge():
            return _too_large(outcome, shipment, doubt=row >= limit)
        case Suspended():
            return Suspend(outcome.code, outcome.reason)


def is_single_refusal(outcome: ExportResult, shipment: ExportRequest) -> bool:
    """Whether it makes the row of refused single calls longer."""
    if not shipment.single:
        return False
    return isinstance(outcome, RequestTooLarge) or (
        isinstance(outcome, PermanentFailure) and not outcome.one_record
    )


def _rejected(outcome: PartialSuccess, shipment: ExportRequest) -> Acknowledge:
    """OTLP forbids to send a partial success again. Which items it was is not told, so each call
    keeps a copy, with the count as far as it can be its own.
    """
    return Acknowledge(
        tuple(
            _copy(one, outcome, rejected=min(outcome.count, one.items)) for one in singles(shipment)
        )
    )


def _refused(outcome: PermanentFailure, shipment: ExportRequest, *, doubt: bool) -> Decision:
    """Halved until the offending call is alone, and that one is parked."""
    if doubt:
        return _not_the_data(outcome)
    return _parked(outcome, shipment) if shipment.single else Split()


def _too_large(outcome: RequestTooLarge, shipment: ExportRequest, *, doubt: bool) -> Decision:
    """Smaller requests may pass; a single call is as small as it gets."""
    if not shipment.single:
        return Split()
    return _not_the_data(outcome) if doubt else _parked(outcome, shipment)


def _parked(outcome: PermanentFailure | RequestTooLarge, shipment: ExportRequest) -> Acknowledge:
    return Acknowledge((_copy(shipment, outcome, rejected=shipment.items),))


def _not_the_data(outcome: PermanentFailure | RequestTooLarge) -> Suspend:
    reason = f"call after call is refused, none was parked since: {outcome.reason}"
    return Suspend(outcome.code, reason, doubtful=True)


def _copy(
    single: ExportRequest,
    outcome: PartialSuccess | PermanentFailure | RequestTooLarge,
    rejected: int,
) -> ParkedCopy:
    (part,) = single.parts
    return ParkedCopy(part.call, rejected, outcome.code, outcome.reason, single.data)
