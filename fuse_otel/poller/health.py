"""Whether an account works: its lists, and at least some of its logs."""

from __future__ import annotations

from collections.abc import Iterable

from fuse_otel.core.timing.windows import Window
from fuse_otel.errors import (
    InternalError,
    Malformed,
    ServerFailed,
    SourceError,
    Throttled,
    TimedOut,
    TooLarge,
    Unauthorized,
)

IN_A_ROW = 3
"""So many failures in a row of different requests show that the account does not work. Fewer may be
the fault of one window or one call, which is only one more gap or one more pending call."""

# A list that fails with one of these errors may fail because of the requested data.
BY_THE_DATA = (ServerFailed, Malformed, TimedOut, InternalError)


class AccountHealth:
    """The account is down until its first answered list, and for one of these reasons.

    - it refuses the login,
    - the API cannot be reached for a list, or answers it with a status that no data causes,
    - the last lists of three or more different windows failed,
    - the logs of the last three or more different calls failed,
    - unexpected errors stopped the last three or more different windows.
    """

    def __init__(self) -> None:
        self._ever = False
        self._connection: SourceError | None = None
        self._refused = 0
        self._lists = _InARow()
        self._list_error: SourceError | None = None
        self._calls: dict[str, SourceError] = {}
        self._windows = _InARow()
        self._unexpected: SourceError | None = None

    @property
    def up(self) -> bool:
        return self._ever and self.error is None

    @property
    def error(self) -> SourceError | None:
        """Why the account is down."""
        if self._connection is not None:
            return self._connection
        if self._lists.different >= IN_A_ROW or (self._lists.count and not self._ever):
            return self._list_error
        if len(self._calls) >= IN_A_ROW:
            return next(reversed(self._calls.values()))
        return self._unexpected if self._windows.different >= IN_A_ROW else None

    @property
    def failures(self) -> int:
        """Failures in a row of what keeps the account from working, or soon will."""
        return max(self._refused, self._lists.count, len(self._calls), self._windows.different)

    @property
    def unauthorized(self) -> bool:
        return isinstance(self._connection, Unauthorized)

    def listed(self) -> None:
        self._ever = True
        self._connected()
        self._lists.clear()

    def list_failed(self, window: Window, error: SourceError) -> None:
        if isinstance(error, Throttled | TooLarge):
            self._connected()
        elif isinstance(error, BY_THE_DATA):
            self._lists.add(window)
            self._list_error = error
        else:
            self._not_connected(error)

    def details_read(self) -> None:
        self._connected()
        self._calls.clear()

    def details_failed(self, session_ids: Iterable[str], error: SourceError) -> None:
        """``session_ids`` is empty for a bulk request: single requests can replace it."""
        if isinstance(error, Unauthorized):
            self._not_connected(error)
        elif isinstance(error, Throttled | TooLarge):
            self._connected()
        else:
            # Also a closed connection or a 403: the log of one call can crash the API or be
            # refused by a filter. If the API cannot be reached at all, the lists fail too.
            for session_id in session_ids:
                self._calls[session_id] = error
            while len(self._calls) > IN_A_ROW:
                del self._calls[next(iter(self._calls))]

    def _connected(self) -> None:
        self._connection = None
        self._refused = 0

    def _not_connected(self, error: SourceError) -> None:
        self._connection = error
        self._refused += 1

    def window_read(self) -> None:
        self._windows.clear()

    def window_failed(self, window: Window | None, error: SourceError) -> None:
        """An unexpected error; ``window`` is ``None`` for one outside any window."""
        self._unexpected = error
        self._windows.add(window)


class _InARow:
    """Windows that failed one after the other. Those that overlap the same one (halves of it, or
    scans that meet the same bad second) count once in ``different``.
    """

    def __init__(self) -> None:
        self.count = 0
        self._apart: list[Window | None] = []

    @property
    def different(self) -> int:
        return len(self._apart)

    def add(self, window: Window | None) -> None:
        self.count += 1
        for place, other in enumerate(self._apart):
            if window is not None and other is not None and _overlap(window, other):
                # The smaller one: two windows beside it are different.
                self._apart[place] = min(window, other, key=lambda each: each.seconds)
                return
        self._apart = [*self._apart, window][-IN_A_ROW:]

    def clear(self) -> None:
        self.count = 0
        self._apart.clear()


def _overlap(one: Window, other: Window) -> bool:
    return one.start < other.end and other.start < one.end
