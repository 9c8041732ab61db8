"""What the API says about calls, as values: list records, logs and their entries, pages of both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"
    UNKNOWN = "unknown"


class LogCompleteness(StrEnum):
    """How much of a call's log was known when it was exported."""

    FULL = "full"  # an `exit` entry is there
    OPEN = "open"  # entries, but no `exit`: a hang-up
    NONE = "none"  # the record says that nothing was logged
    EXPIRED = "expired"  # the API reported that the log is deleted
    MISSING = "missing"  # 404, null or an empty array for a call that has a log


class LogState(StrEnum):
    """What the API answered to the request for a call's entries."""

    PRESENT = "present"
    MISSING = "missing"
    EXPIRED = "expired"
    TOO_LARGE = "too_large"


class CallRecord(msgspec.Struct, frozen=True, gc=False):
    """A record of ``/calls`` as it came. Holds numbers in clear: never stored, never printed.

    ``start`` and ``end`` are UNIX seconds, ``None`` if absent or unreadable. A struct, as each poll
    makes and hashes one for every call of the last hour.
    """

    session_id: str
    start: int | None
    end: int | None
    src: str
    dest: str
    type: str
    logged: bool

    def __repr__(self) -> str:
        return f"CallRecord({self.session_id!r})"


class ListedCall(msgspec.Struct, frozen=True):
    """A list record without the number of the caller or called person; this is what may be stored.

    ``end >= start`` where both are known; one that was absent takes the other's value.
    ``user_hash`` is that person's pseudonym; ``destination`` is our own number.
    """

    session_id: str
    start: int | None
    end: int | None
    direction: Direction
    type: str
    logged: bool
    user_hash: str | None
    destination: str | None


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One entry of a call's log. ``index`` is its zero-based place in the API's array.

    ``timestamp`` is UNIX seconds, ``None`` if absent or unreadable. ``module_type`` and
    ``result_variable`` are ``None`` unless they were readable. ``data`` is everything else of
    the entry's ``data``, decoded JSON of any shape.

    A struct because there are so many: a frozen dataclass takes six times as long to make.
    """

    index: int
    log_class: str
    line: str
    timestamp: int | None
    module_type: str | None
    result_variable: str | None
    data: Mapping[str, object]

    def __repr__(self) -> str:
        return f"Entry({self.index})"


class CallLog(msgspec.Struct, frozen=True):
    """The answer to "what happened in this call". ``entries`` is in the API's order.

    ``count`` is the length of the API's array, elements that are no entry included.
    """

    state: LogState
    entries: tuple[Entry, ...] = ()
    count: int = 0

    @property
    def exited(self) -> bool:
        """Whether the application ran to an ``exit`` module."""
        return any((entry.module_type or "").lower() == "exit" for entry in self.entries)


MISSING_LOG = CallLog(LogState.MISSING)
EXPIRED_LOG = CallLog(LogState.EXPIRED)
TOO_LARGE_LOG = CallLog(LogState.TOO_LARGE)


class CallPage(msgspec.Struct, frozen=True):
    """A page of ``/calls``. ``records`` counts its elements, unreadable and repeated ones included;
    ``total`` is ``total_calls``, ``None`` if the API named none. ``anomalies``: kind → how often.
    """

    calls: tuple[CallRecord, ...]
    records: int
    total: int | None
    anomalies: Counter[str] = msgspec.field(default_factory=Counter)


class LogPage(msgspec.Struct, frozen=True):
    """A page of ``/all_logs``: the wanted ``logs`` by session id, and the session ids of the
    ``others``. ``size`` is the decoded page in bytes, ``others_size`` what the others have of it.
    ``records`` as in ``CallPage``, and ``anomalies`` too, but for those of the others.
    """

    logs: Mapping[str, CallLog]
    records: int
    size: int
    anomalies: Counter[str] = msgspec.field(default_factory=Counter)
    others: frozenset[str] = frozenset()
    others_size: int = 0


ERASED = 2**31 - 1
"""The number of entries of an erased call in the ledger: no log has so many."""


class Seen(msgspec.Struct, frozen=True):
    """What the ledger knows of a call that was exported, or erased."""

    end: int | None
    entries: int
    details: LogCompleteness

    @property
    def erased(self) -> bool:
        """Whether the call was erased: it is never exported again."""
        return self.entries == ERASED


def log_completeness(call: ListedCall, log: CallLog) -> LogCompleteness:
    """How complete the log of a call is, for the daemon, ``show`` and ``convert`` alike.

    A log that is too large to be read counts as open: the call is exported without its entries. An
    array without a readable entry is open as well: the API has a log, so it is not missing.
    """
    if not call.logged and log.state is not LogState.PRESENT:
        return LogCompleteness.NONE
    match log.state:
        case LogState.EXPIRED:
            return LogCompleteness.EXPIRED
        case LogState.MISSING:
            return LogCompleteness.MISSING
        case LogState.TOO_LARGE:
            return LogCompleteness.OPEN
        case LogState.PRESENT:
            return LogCompleteness.FULL if log.exited else LogCompleteness.OPEN
