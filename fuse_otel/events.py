"""What happened, for subscribers: metrics, the log, self-traces, readiness. No decision of a poller
or shipper depends on it. No event contains a phone number, a payload or a credential.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from fuse_otel.core.model.lane import Lane, LoopName
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import CallSummary
from fuse_otel.errors import StoreError, code_location


class ApiAnswered(Struct, frozen=True):
    """A request to the API got an answer. ``code`` is the HTTP status."""

    account: str
    endpoint: str
    code: int
    seconds: float


class ApiFailed(Struct, frozen=True):
    """A request to the API failed. ``error_type`` is the word of the error's class."""

    account: str
    endpoint: str
    error_type: str
    message: str


class ApiThrottled(Struct, frozen=True):
    """The API asked the poller to wait for ``seconds``."""

    account: str
    seconds: float


class ClockSkewSeen(Struct, frozen=True):
    """The API's Date header minus our clock, in seconds."""

    account: str
    seconds: float


class AnomaliesSeen(Struct, frozen=True):
    """Unexpected data in an answer of the API: kind → how often."""

    account: str
    kinds: tuple[tuple[str, int], ...]


class PollDone(Struct, frozen=True):
    """A live window was read completely. Counts of calls; ``requests`` since the last poll."""

    account: str
    at: float
    window_start: int
    window_end: int
    listed: int
    new: int
    stored: int
    pending: int
    requests: int
    seconds: float


class GapRead(Struct, frozen=True):
    """A gap is read up to ``until`` (UNIX seconds). ``calls``: stored since the poller began."""

    account: str
    reason: str
    until: int
    left: int
    calls: int


class WindowMismatch(Struct, frozen=True):
    """A window had another number of records than the API announced."""

    account: str


class WindowUnreadable(Struct, frozen=True):
    """An interval failed for five days and is given up. UNIX seconds."""

    account: str
    start: int
    end: int


class AccountMoved(Struct, frozen=True):
    """``None``: unknown yet. ``headroom``: seconds. The logs of ``failing`` pending calls fail."""

    account: str
    up: bool
    cursor: int | None
    headroom: float | None
    pending: int
    gap_seconds: int
    failing: int = 0
    reason: str = ""


class AccountStandby(Struct, frozen=True):
    """Another replica has the account. This one asks for it again, and ``helps`` with its gaps."""

    account: str
    helps: bool = False


class CallsStored(Struct, frozen=True):
    """New calls were committed. ``at`` is the time of the commit, UNIX seconds."""

    account: str
    at: float
    calls: tuple[CallSummary, ...]
    trace_ids: tuple[str, ...]
    tally: Tally


class CallsGrown(Struct, frozen=True):
    """New entries of calls that were exported before were committed."""

    account: str
    count: int


class CallsUnreadable(Struct, frozen=True):
    """Unexpected errors: ``count`` calls are exported from their list records, without logs."""

    account: str
    count: int


class ExportDone(Struct, frozen=True):
    """An export request ended: ``size`` bytes, ``sent`` compressed. ``failed`` are sent again."""

    lane: Lane
    code: str
    result: str
    seconds: float
    items: int
    rejected: int
    reason: str
    failed: int = 0
    size: int = 0
    sent: int = 0


class CallsDelivered(Struct, frozen=True):
    """A lane delivered live calls, which ended at ``ends``, and others. ``at``: UNIX seconds."""

    lane: Lane
    at: float
    ends: tuple[int, ...]
    caught_up: tuple[int, ...] = ()


class CallsParked(Struct, frozen=True):
    lane: Lane
    count: int
    reason: str


class BatchReadAgain(Struct, frozen=True):
    """A stored batch was damaged: ``calls`` are read again, ``parked`` are too old for that."""

    lane: Lane
    calls: int
    parked: int


class LaneChanged(Struct, frozen=True):
    """A lane delivers again, or cannot for ``reason``. ``suspended``: until the operator acts."""

    lane: Lane
    up: bool
    reason: str
    suspended: bool = False


class LanePaused(Struct, frozen=True):
    """An operator has paused a lane at ``since`` (UNIX seconds), or (``None``) has resumed it."""

    lane: Lane
    since: int | None


class StoreFailed(Struct, frozen=True):
    """A transaction failed. ``error_type`` is the word of the error's class."""

    error_type: str
    message: str

    @classmethod
    def of(cls, error: StoreError) -> StoreFailed:
        return cls(error.error_type, str(error))


class JobChanged(Struct, frozen=True):
    """A job begins or ends. ``state`` and ``result`` are those of its status."""

    kind: str
    state: str
    result: str


class StoreMovedAside(Struct, frozen=True):
    """A new store replaced a damaged one: ``file``, its new name there, empty if removed."""

    file: str


class OutboxCrossed(Struct, frozen=True):
    """The outbox is ``filling`` (above 80 % of its cap), or no longer. Once for each crossing."""

    filling: bool
    used: int
    capacity: int


class HookAnswered(Struct, frozen=True):
    code: int


class LoginRefused(Struct, frozen=True):
    """A password or token was wrong (``code`` 401), or there were too many wrong ones (429)."""

    code: int


class ConfigReloaded(Struct, frozen=True):
    successful: bool
    message: str


class LabelFull(Struct, frozen=True):
    """An account has ``limit`` values of a label of metrics. Further ones share a series."""

    account: str
    label: str
    limit: int


class LoopFailed(Struct, frozen=True):
    """An unexpected error in a loop, which retries with back-off. ``where`` is file and line."""

    loop: LoopName
    error_type: str
    where: str

    @classmethod
    def of(cls, loop: LoopName, error: BaseException) -> LoopFailed:
        return cls(loop, type(error).__name__, code_location(error))


Event = (
    ApiAnswered | ApiFailed | ApiThrottled | ClockSkewSeen | AnomaliesSeen | PollDone
    | GapRead | WindowMismatch | WindowUnreadable | AccountMoved | AccountStandby | CallsStored
    | CallsGrown | CallsUnreadable | ExportDone | CallsDelivered | CallsParked | BatchReadAgain
    | LaneChanged | LanePaused | StoreFailed | JobChanged | StoreMovedAside | OutboxCrossed
    | HookAnswered | LoginRefused | ConfigReloaded | LabelFull | LoopFailed
)  # fmt: skip
Emit = Callable[[Event], None]


def unheard(_event: Event) -> None:
    """For code whose events have no subscriber."""
