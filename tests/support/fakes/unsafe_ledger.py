"""A ledger whose commits fail or end the process, before or after they took effect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from fuse_otel.errors import Broken, Full
from fuse_otel.ports import CallerRow, Gap, Lease, Ledger, Position, Step, StoredCalls


class Crashed(BaseException):
    """The process is gone: nothing may catch this."""


class UnsafeLedger:
    """``failing`` and ``crashing`` are chances, asked at every commit."""

    def __init__(
        self,
        ledger: Ledger,
        dice: Random,
        failing: Callable[[], float],
        crashing: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._dice = dice
        self._failing = failing
        self._crashing = crashing

    def lease(self, account: str) -> Lease:
        return UnsafeLease(self._ledger.lease(account), self._dice, self._failing, self._crashing)

    def help(self, account: str) -> Lease:
        return UnsafeLease(self._ledger.help(account), self._dice, self._failing, self._crashing)


class UnsafeLease:
    """A lease whose every method may fail, and whose commits may end the process."""

    def __init__(
        self,
        lease: Lease,
        dice: Random,
        failing: Callable[[], float],
        crashing: Callable[[], float],
    ) -> None:
        self._lease = lease
        self._dice = dice
        self._failing = failing
        self._crashing = crashing

    @property
    def account(self) -> str:
        return self._lease.account

    @property
    def helps(self) -> bool:
        return self._lease.helps

    def position(self, now: int, limit: int) -> Position:
        self._fail(self._failing() / 10)
        return self._lease.position(now, limit)

    def look_up(self, session_ids: Sequence[str]) -> StoredCalls:
        self._fail(self._failing())
        return self._lease.look_up(session_ids)

    def callers(self, pseudonyms: Sequence[str]) -> Sequence[CallerRow]:
        self._fail(self._failing())
        return self._lease.callers(pseudonyms)

    def check_room(self, needed: int) -> None:
        self._fail(self._failing())
        self._lease.check_room(needed)

    def commit(self, step: Step) -> None:
        self._crash()
        self._fail(self._failing())
        self._lease.commit(step)
        self._crash()

    def claim(self, gap: Gap, end: int) -> Gap | None:
        self._fail(self._failing())
        return self._lease.claim(gap, end)

    def share(self, most: int) -> None:
        self._fail(self._failing())
        self._lease.share(most)

    def _fail(self, chance: float) -> None:
        if self._dice.random() < chance:
            raise self._dice.choice([Broken, Full])("simulated")

    def _crash(self) -> None:
        if self._dice.random() < self._crashing():
            raise Crashed
