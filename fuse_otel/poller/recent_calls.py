"""Which recent calls a step stores for the pages. Catching up reads the oldest calls first, and
each takes the place of one before it: of thousands that are stored, the pages keep the last 500.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fuse_otel.ports import RECENT_CALLS, RecentCall

HELD_BYTES = 16 * 1024 * 1024
HELD_SECONDS = 30
"""How long calls that ended more than an hour ago wait for their place on the pages, at most, while
others follow them.
"""


class RecentCalls:
    """Stored calls that wait, so that only the last of them are written. Live calls never wait.

    A crash loses what waits: the pages do not show these calls, and nothing else lacks them.
    """

    def __init__(self) -> None:
        self._held: dict[str, RecentCall] = {}
        self._bytes = 0
        self._since = 0

    @property
    def held(self) -> Sequence[RecentCall]:
        return tuple(self._held.values())

    def of_step(self, calls: Iterable[RecentCall], now: int) -> Sequence[RecentCall]:
        """Those of the step's ``calls`` that it stores at ``now``, UNIX seconds, and those that
        have waited long.
        """
        live = [call for call in calls if call.is_live(now)]
        long = not self._since <= now < self._since + HELD_SECONDS
        return [*(self.held if long else ()), *live[-RECENT_CALLS:]]

    def stored(self, calls: Iterable[RecentCall], written: Iterable[RecentCall], now: int) -> None:
        """The step is stored: those of its ``calls`` that it has not ``written`` wait."""
        for call in written:
            self._drop(call.session_id)
        for call in calls:
            if not call.is_live(now):
                self._hold(call, now)

    def clear(self) -> None:
        self._held.clear()
        self._bytes = 0

    def _hold(self, call: RecentCall, now: int) -> None:
        self._drop(call.session_id)
        if not self._held:
            self._since = now
        self._held[call.session_id] = call
        self._bytes += call.size
        while len(self._held) > RECENT_CALLS or (len(self._held) > 1 and self._bytes > HELD_BYTES):
            self._drop(next(iter(self._held)))

    def _drop(self, session_id: str) -> None:
        call = self._held.pop(session_id, None)
        if call is not None:
            self._bytes -= call.size
