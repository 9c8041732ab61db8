"""What the poller knows of one endpoint: its back-off, its evidence, how long its answers take."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from msgspec import Struct, field

from fuse_otel.core.timing.backoff import Backoff
from fuse_otel.poller.evidence import IN_A_ROW, Evidence
from fuse_otel.poller.health import AccountHealth
from fuse_otel.poller.requests import EndpointQueue, ListPage, Request

LONGEST_PATIENCE = 60.0  # seconds: the deadline of any request
QUICK = 0.3  # of the time for other requests
SLOW = 4  # an answer may take so many times longer than others of late
OF_LATE = 8  # answers
# Seconds until the first try of a request is given up. A list takes a tenth of a second, the log of
# a call even less, and a bulk page some seconds. A call that failed before delays no other one.
LIST_PATIENCE, BULK_PATIENCE, CALL_PATIENCE = 10.0, 10.0, 5.0


class Patience(Struct):
    """How long to wait for an answer. A request that is never answered costs ``first`` seconds, and
    not a minute. An API that is slow for all requests gets the time that it needs: the wait doubles
    with each failure of a request, and follows the answers.
    """

    first: float
    longer: float = 1.0  # times: long windows may take longer than the short ones that are answered
    _seconds: deque[float] = field(default_factory=lambda: deque(maxlen=OF_LATE))

    def seconds(self, failures: int, share: float = 1.0) -> float:
        """For a request that has failed so often. ``share`` of the first time, if that is enough
        for what other answers take.
        """
        # The second slowest: one answer that takes long says nothing about the others.
        usual = sorted(self._seconds)[-2] if len(self._seconds) > 1 else 0.0
        first = max(share * self.longer * self.first, SLOW * usual)
        return min(LONGEST_PATIENCE, first * 2.0 ** min(failures, 8))

    def lengthen(self) -> None:
        self.longer = min(self.longer * 2.0, LONGEST_PATIENCE / self.first)

    def learn(self, seconds: float) -> None:
        self._seconds.append(seconds)


class EndpointState(Struct):
    evidence: Evidence
    patience: Patience
    backoff: Backoff = field(default_factory=lambda: Backoff(first=1.0, most=60.0))

    def patience_for(self, request: Request, failures: int) -> float:
        """Seconds to wait for the answer. A search makes many requests, most of which are never
        answered: it waits a shorter time for each. A second of the list that only takes long is
        read later, by a patient request.
        """
        if isinstance(request, ListPage) and request.doubt.patient:
            return LONGEST_PATIENCE
        suspect = isinstance(request, ListPage) and request.doubt.suspect
        return self.patience.seconds(failures, QUICK if suspect else 1.0)

    def ready_at(self, failures: int) -> float:
        """When a request that has failed so often may go. A first try waits only when several
        requests have failed in a row: the failure of one is no reason to delay the others.
        """
        first = failures == 0 and self.backoff.failures < IN_A_ROW
        return 0.0 if first else self.backoff.until


def endpoints_of(health: AccountHealth) -> Mapping[EndpointQueue, EndpointState]:
    return {
        EndpointQueue.CALLS: EndpointState(health.lists, Patience(LIST_PATIENCE)),
        EndpointQueue.ALL_LOGS: EndpointState(Evidence(), Patience(BULK_PATIENCE)),
        EndpointQueue.CALL: EndpointState(health.logs, Patience(CALL_PATIENCE)),
        EndpointQueue.FAILING_CALL: EndpointState(health.logs, Patience(LONGEST_PATIENCE)),
    }
