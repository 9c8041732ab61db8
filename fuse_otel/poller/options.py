"""The settings of a poller."""

from __future__ import annotations

from msgspec import Struct

from fuse_otel.core.model.lane import LoopName
from fuse_otel.core.timing.windows import DAY, HOUR


class RescanSchedule(Struct, frozen=True):
    """List the last ``span`` seconds again ``every`` so many seconds; 0: with every poll."""

    span: int
    every: int


class PollerOptions(Struct, frozen=True):
    """Durations are in seconds. Empty ``numbers``: all numbers of the account.
    ``shared``: other replicas work on the store, and may take the account over. They help with its
    gaps once these are there for ``share_after``. This one ``helps`` too.
    """

    account: str
    numbers: tuple[str, ...] = ()
    poll_interval: float = 30.0
    settle: float = 15.0
    grow: float = 120.0
    since: float = float(HOUR)
    requests_per_second: float = 5.0
    concurrent_requests: int = 4
    rescans: tuple[RescanSchedule, ...] = (
        RescanSchedule(HOUR, 0),
        RescanSchedule(6 * HOUR, 600),
        RescanSchedule(DAY, HOUR),
        RescanSchedule(5 * DAY, DAY),
    )
    pseudonym_key: bytes | None = None
    shared: bool = False
    share_after: float = 60.0
    helps: bool = True
    list_limit: int = 1000
    bulk_limit: int = 200
    bulk_bytes: int = 4_000_000

    @property
    def loop(self) -> LoopName:
        return LoopName("account", account=self.account)

    @property
    def live_span(self) -> int:
        """How many seconds every poll lists: its rescan and the new window are one listing."""
        spans = [rescan.span for rescan in self.rescans if rescan.every <= self.poll_interval]
        return max(spans, default=HOUR)

    @property
    def slower_rescans(self) -> tuple[RescanSchedule, ...]:
        slower = (rescan for rescan in self.rescans if rescan.every > self.poll_interval)
        return tuple(sorted(slower, key=lambda rescan: rescan.span))
