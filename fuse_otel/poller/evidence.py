"""What answers and failures of an endpoint show: whether the API fails, or one request."""

from __future__ import annotations

from fuse_otel.core.timing.windows import Window
from fuse_otel.errors import SourceError, Throttled, TimedOut

IN_A_ROW = 3
"""So many different requests that fail in a row, with no answer in between, show that the API does
not work. Fewer may be the fault of one window or one call."""

FAILURES = 2  # of one request, before it is at fault
THROTTLED_FAILURES = 4  # a 429 is likely no fault of the request: a few more

Subject = Window | str | None
"""What a request was about: a window, the session id of a call, ``None`` for neither."""


class Evidence:
    """The one rule for ``down`` (readiness, metric) and for ``blames`` (halve, leave a gap).

    A *witness* is an answer to another request of the same endpoint. With a witness, a request that
    fails repeatedly is at fault, whatever the error is: a filter in between can answer 403 for one
    second of the list, and the API can close the connection, or not answer at all, because of one
    record. Without a witness the API is down.
    """

    def __init__(self) -> None:
        self.answered = 0
        self.failures = 0
        self._apart: list[Subject] = []
        self._error: SourceError | None = None

    @property
    def different(self) -> int:
        """How many different requests failed in a row, at most ``IN_A_ROW``. Windows that overlap
        are one: halves, or scans that meet the same second.
        """
        return len(self._apart)

    @property
    def down(self) -> SourceError | None:
        """Why the endpoint does not work, ``None`` if it does or if that is not known."""
        return self._error if self.different >= IN_A_ROW else None

    @property
    def last_error(self) -> SourceError | None:
        return self._error

    def answer(self) -> None:
        self.answered += 1
        self.failures = 0
        self._apart.clear()

    def fail(self, subject: Subject, error: SourceError) -> None:
        self._error = error
        self.failures += 1
        for place, other in enumerate(self._apart):
            if _same(subject, other):
                if isinstance(subject, Window) and isinstance(other, Window):
                    # The smaller one: two windows beside it are different.
                    self._apart[place] = min(subject, other, key=lambda each: each.seconds)
                return
        self._apart = [*self._apart, subject][-IN_A_ROW:]

    def blames(self, failures: int, since: int, error: SourceError) -> bool:
        """Whether a request that failed so often is at fault: others were answered after ``since``,
        the value of ``answered`` at its first failure. A request that is not answered in time is
        not tried twice: each try takes long.
        """
        needed = FAILURES
        if isinstance(error, TimedOut):
            needed = 1
        elif isinstance(error, Throttled):
            needed = THROTTLED_FAILURES
        return failures >= needed and self.answered > since


def _same(one: Subject, other: Subject) -> bool:
    if isinstance(one, Window) and isinstance(other, Window):
        return one.start < other.end and other.start < one.end
    return one is not None and one == other
