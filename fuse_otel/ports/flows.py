"""The call flows of the applications: sums of the steps of all stored calls of the last 30 days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fuse_otel.core.model.call_flow import CallFlow


@dataclass(frozen=True, slots=True)
class FlowQuery:
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


@dataclass(frozen=True, slots=True)
class FlowPart:
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
        ...

    def parts(self, application: str | None = None) -> Sequence[FlowPart]:
        """What is kept of the application, of all applications for ``None``. By application, the
        latest first.
        """
        ...
