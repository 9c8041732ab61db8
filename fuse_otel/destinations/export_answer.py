"""What OTLP's export responses and refusals come to, whatever carried them."""

from __future__ import annotations

from fuse_otel.core.outcome import Accepted, Refused, Rejected
from fuse_otel.destinations.answers import PartialSuccess

# Loki's refusals of single records: the others of the same request were stored.
_ONE_RECORD = ("entry too far behind", "timestamp too old")


def outcome_of_success(
    code: str, told: PartialSuccess, items: int
) -> Accepted | Rejected | Refused:
    """``items``: spans or log records that were sent."""
    if told.rejected <= 0:
        return Accepted(code)
    if told.rejected < items:
        return Rejected(code, told.rejected, told.message)
    return Refused(code, told.message, one_record=about_one_record(told.message))


def about_one_record(told: str) -> bool:
    return any(words in told for words in _ONE_RECORD)
