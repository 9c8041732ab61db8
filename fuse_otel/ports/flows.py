"""The call flows of the applications: sums of the steps of all stored calls of the last 30 days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from fuse_otel.core.model.call_flow import CallFlow

HOUR, DAY = 3_600, 86_400
KEEP_HOURS, KEEP_DAYS = 5 * DAY, 30 * DAY


class FlowQuery(Struct, frozen=True):
    """Which calls of an application: those that match every field. Empty and ``None`` match all.

    ``start`` (inclusive) and ``end`` (exclusive) limit the start of the calls, UNIX seconds. Sums
    are kept by the hour for 5 days and by the day for 30: an hour or a day that the interval
    touches counts whole.
    """

    application: str
    start: float | None = None
    end: float | None = None
    account: str = ""
    version: str = ""
    outcome: str = ""


def first_hour(now: int) -> int:
    """The start of the first hour that is kept as an hour, UNIX seconds."""
    return (now - KEEP_HOURS) // HOUR * HOUR


def counted_start(start: float, now: float) -> int:
    """The start of the hour or the day that ``start`` lies in: what is counted from there."""
    hours = first_hour(int(now))
    # The hours of the day in which they begin are kept beside the sum of its earlier hours.
    seconds = HOUR if start >= -(-hours // DAY) * DAY else DAY
    return int(start // seconds) * seconds


def counted_end(end: float, now: float) -> int:
    """The end of the hour or the day that ``end`` lies in."""
    hours = first_hour(int(now))
    if end > hours:
        return -int(-end // HOUR) * HOUR
    return min(-int(-end // DAY) * DAY, hours)


class FlowPart(Struct, frozen=True):
    """One part of an application's calls that are summed: ``start`` and ``end`` of the earliest
    and the latest hour or day, UNIX seconds.
    """

    application: str
    version: str
    account: str
    outcome: str
    start: int
    end: int


class Flows(Protocol):
    """Every method may raise ``Broken``."""

    def flow(self, query: FlowQuery) -> CallFlow:
        """The sums of all calls that match; empty for an unknown application."""

    def parts(self, application: str | None = None) -> Sequence[FlowPart]:
        """What is kept of the application, of all applications for ``None``. By application, the
        latest first.
        """
