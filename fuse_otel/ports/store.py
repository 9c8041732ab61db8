"""One database with five interfaces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from fuse_otel.ports.calls import CallIndex
from fuse_otel.ports.control import Control
from fuse_otel.ports.flows import Flows
from fuse_otel.ports.ledger import Ledger
from fuse_otel.ports.outbox import Outbox


class Store(Protocol):
    """One database with five interfaces."""

    @property
    def shared(self) -> bool:
        """Whether several processes may work on it at once, each on the accounts it has leased."""
        ...

    @property
    def ledger(self) -> Ledger: ...

    @property
    def outbox(self) -> Outbox: ...

    @property
    def control(self) -> Control: ...

    @property
    def calls(self) -> CallIndex: ...

    @property
    def flows(self) -> Flows: ...

    def clock(self, own: Callable[[], float]) -> Callable[[], float]:
        """The clock, in UNIX seconds, by which everything is due: that of a shared store, so that
        all its processes agree; else the ``own`` one of the process.
        """
        ...

    def leave(self) -> None:
        """Give back what this process has leased in a shared store, at the end of the process.
        Idempotent. What it still writes for an account raises ``LeaseLost``.
        """
        ...

    def close(self) -> None:
        """Idempotent. Leaves first."""
        ...
