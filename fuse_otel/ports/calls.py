"""The index of calls: the facts of each stored call of the last 7 days, to find calls by, and
what the charts of the overview show of a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

SLOT = 300
"""Seconds. A slot starts at a multiple of it."""
SLOTS = 288
"""How many slots are kept: those of a day."""


def slot_of(moment: float) -> int:
    """The start of the slot of a moment, UNIX seconds."""
    return int(moment // SLOT) * SLOT


class Sample(Struct, frozen=True):
    """The largest ``lag`` and the smallest ``headroom`` of all accounts in a slot, whole seconds.
    ``at`` is the start of the slot.
    """

    at: int
    lag: int
    headroom: int


class CallCount(Struct, frozen=True):
    """How many calls started in the slot that starts ``at``, and how many of them have an error."""

    at: int
    calls: int
    errors: int


class IndexedCall(Struct, frozen=True):
    """What the index keeps of a call, redacted strictly. Times are UNIX seconds.

    ``modules`` are the modules that ran, each once, as ``module_type module``; ``failed_module`` is
    the one that made the call an error, ``error_type`` its ``error.type``: both empty without an
    error. ``path`` holds its steps as ``core.model.call_flow`` writes them: the store adds them to
    the call flow of the application. ``id`` is the store's: a call stored later has a larger one.
    It is 0 for a call that is not stored yet, and ``account`` is then left to the lease.
    """

    session_id: str
    trace_id: str
    application: str
    version: str
    direction: str
    outcome: str
    details: str
    error: bool
    start: int | None
    end: int | None
    failed_module: str = ""
    error_type: str = ""
    modules: tuple[str, ...] = ()
    path: str = ""
    account: str = ""
    id: int = 0


class CallQuery(Struct, frozen=True):
    """Which calls: those that match every field. Empty and ``None`` match all calls.

    ``module`` is a module that ran, as ``module_type module``. ``start`` (inclusive) and ``end``
    (exclusive) limit the start of the call, UNIX seconds. ``key`` is a session id or a trace id.
    """

    application: str = ""
    account: str = ""
    outcome: str = ""
    direction: str = ""
    module: str = ""
    error: bool | None = None
    start: float | None = None
    end: float | None = None
    key: str = ""


EVERY_CALL = CallQuery()


class Neighbours(Struct, frozen=True):
    """The session ids of the calls that started before and after a call; ``None`` for none."""

    previous: str | None = None
    next: str | None = None


class CallIndex(Protocol):
    """Every method may raise ``Broken``."""

    def calls(self, query: CallQuery, limit: int, offset: int = 0) -> Sequence[IndexedCall]:
        """Newest first by start; a call without a start counts by its end, else by when it was
        stored.
        """

    def stored_after(self, query: CallQuery, after: int, limit: int) -> Sequence[IndexedCall]:
        """The calls with an id above ``after``, in the order in which they were stored."""

    def stored_last(self, query: CallQuery, limit: int) -> Sequence[IndexedCall]:
        """The calls stored last, in the order in which they were stored."""

    def call(self, session_id: str) -> IndexedCall | None:
        """Of several accounts' calls with this session id, the one stored last."""

    def neighbours(self, call: IndexedCall) -> Neighbours:
        """Those of ``calls`` without a filter; none for a call that has left the index."""

    def counts(self, since: int) -> Sequence[CallCount]:
        """The calls that started at ``since`` or later, by slot. Slots without calls are left
        out.
        """

    def last_id(self) -> int:
        """The largest id that a call of this store ever had, 0 for none."""
