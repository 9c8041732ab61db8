"""Whether an account works: its lists, and at least some of its logs."""

from __future__ import annotations

from collections.abc import Iterable

from fuse_otel.core.timing.windows import Window
from fuse_otel.errors import (
    InternalError,
    SourceError,
    Throttled,
    TimedOut,
    TooLarge,
    Unauthorized,
    Unreachable,
)
from fuse_otel.poller.evidence import Evidence


class AccountHealth:
    """The account is down until its first answered list, and for one of these reasons.

    - it refuses the login,
    - the last lists of three or more different windows failed,
    - the logs of the last three or more different calls failed,
    - unexpected errors stopped the last three or more different windows.
    """

    def __init__(self) -> None:
        self._ever = False
        self._refused: Unauthorized | None = None
        self._refusals = 0
        self.lists = Evidence()
        self.logs = Evidence()
        self._windows = Evidence()

    @property
    def up(self) -> bool:
        return self._ever and self.error is None

    @property
    def error(self) -> SourceError | None:
        """Why the account is down."""
        if self._refused is not None:
            return self._refused
        if self.lists.failures and not self._ever:
            return self.lists.last_error
        return self.lists.down or self.logs.down or self._windows.down

    @property
    def failures(self) -> int:
        """Failures in a row of what keeps the account from working, or soon will."""
        lists, logs, windows = self.lists.failures, self.logs.different, self._windows.different
        return max(self._refusals, lists, logs, windows)

    @property
    def unauthorized(self) -> bool:
        return self._refused is not None

    def listed(self) -> None:
        self._ever = True
        self._accepted()
        self.lists.answer()

    def list_failed(self, window: Window, error: SourceError) -> None:
        if isinstance(error, Unauthorized):
            self._refuse(error)
            return
        if not isinstance(error, Unreachable | TimedOut | InternalError):
            self._accepted()
        if isinstance(error, TooLarge):
            self.lists.answer()
        elif not isinstance(error, Throttled):
            self.lists.fail(window, error)

    def logs_read(self) -> None:
        self._accepted()
        self.logs.answer()

    def logs_failed(self, session_ids: Iterable[str], error: SourceError) -> None:
        """``session_ids`` is empty for a bulk request: single requests can replace it."""
        if isinstance(error, Unauthorized):
            self._refuse(error)
        elif not isinstance(error, Throttled | TooLarge):
            for session_id in session_ids:
                self.logs.fail(session_id, error)

    def _accepted(self) -> None:
        self._refused = None
        self._refusals = 0

    def _refuse(self, error: Unauthorized) -> None:
        self._refused = error
        self._refusals += 1

    def window_read(self) -> None:
        self._windows.answer()

    def window_failed(self, window: Window | None, error: SourceError) -> None:
        """An unexpected error; ``window`` is ``None`` for one outside any window."""
        self._windows.fail(window, error)
