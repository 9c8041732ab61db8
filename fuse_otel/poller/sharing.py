"""Several replicas on one account: who reads it, when others help, and with which part of its
request budget.
"""

from __future__ import annotations

from fuse_otel.errors import Busy
from fuse_otel.poller.api_client import ApiClient
from fuse_otel.poller.options import PollerOptions
from fuse_otel.ports import GapReason, Lease, Ledger, Position

STANDBY = 2.0  # seconds between two tries to take an account
LOOK = 3.0  # seconds between two looks at which replicas are alive
FAILURES = 3  # in a row, of a helper: it gives its claims back,
REST = 600.0  # and helps no more for so many seconds
UNUSED = 0.5  # of the request budget: with less to spare, another replica could request no more


class Sharing:
    """An account is behind while there are gaps to read, and while the API would answer more
    requests than its reader makes. Other replicas make a small account no faster.

    ``now`` is always of the steady clock.
    """

    def __init__(self, options: PollerOptions, ledger: Ledger, api: ApiClient) -> None:
        self._options = options
        self._ledger = ledger
        self._api = api
        self._take_at = 0.0
        self._help_at = 0.0
        self._failed_before = 0  # in a row, when it began to help
        self._look_at = 0.0
        self._behind_since: float | None = None
        self._requests = 0

    def lease(self, held: Lease | None, now: float) -> Lease:
        """What this process may do with the account, when it has ``held`` that until now. Raises
        ``Busy``.
        """
        if held is not None and not (held.helps and now >= self._take_at):
            return held
        try:
            return self._ledger.lease(self._options.account)
        except Busy:
            if not self._options.shared:
                raise
            self._take_at = now + STANDBY
            if held is not None:
                return self._go_on(held, now)
            if not self._options.helps or now < self._help_at:
                raise
            self._api.budget.begin_share(now)
            self._failed_before = self._api.health.failures
            return self._ledger.help(self._options.account)

    def _go_on(self, held: Lease, now: float) -> Lease:
        """A helper that does not reach the API leaves what it has claimed to those that do. Else it
        would claim the oldest window again and again: the one that the API deletes next.
        """
        failures = self._api.health.failures
        self._failed_before = min(self._failed_before, failures)
        if failures < self._failed_before + FAILURES:
            return held
        self._help_at = now + REST
        self._ledger.help(self._options.account)  # frees what it has claimed
        raise Busy(f"The API does not answer this fuse-otel for {self._options.account}.")

    def look(self, lease: Lease, position: Position, now: float) -> bool:
        """Call it before each request. Returns whether the shares may have changed."""
        if lease.helps or now < self._look_at:
            return False
        behind = self._is_behind(position, now)
        if position.shares == 1 and not behind:
            return False
        self._look_at = now + LOOK
        # A share of less than a request a second would allow a whole request at once.
        most = max(1, int(self._options.requests_per_second))
        lease.share(most if behind else 1)
        return True

    def _is_behind(self, position: Position, now: float) -> bool:
        if all(gap.reason is GapReason.ERROR for gap in position.gaps):
            self._behind_since = None
            return False
        if position.shares > 1:
            return True
        made = self._api.requests_made()
        if self._behind_since is None:
            self._behind_since, self._requests = now, made
        passed = now - self._behind_since
        if passed < self._options.share_after:
            return False
        used = made - self._requests
        self._behind_since, self._requests = now, made
        return used <= (1 - UNUSED) * self._options.requests_per_second * passed
