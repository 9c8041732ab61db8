"""A connection to a store that ends the process, or fails, at any statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from support.fakes.unsafe_ledger import Crashed


def _disk_fails() -> Exception:
    return sqlite3.OperationalError("disk I/O error")


@dataclass(slots=True)
class Trap:
    """Springs at the ``left``-th statement from now; ``after``: that statement still takes effect.
    Without ``crash`` it raises what ``error`` makes.

    After a crash nothing passes any more: the process is gone.
    """

    left: int = 0
    crash: bool = True
    after: bool = False
    dead: bool = False
    sprung: int = 0
    error: Callable[[], Exception] = _disk_fails

    def set(self, left: int, *, crash: bool, after: bool = False) -> None:
        self.left, self.crash, self.after = left, crash, after

    def run(self, statement: Callable[[], Any]) -> Any:
        if self.dead:
            raise Crashed
        self.left -= 1
        if self.left != 0:
            return statement()
        self.sprung += 1
        if self.after:
            statement()
        if not self.crash:
            raise self.error()
        self.dead = True
        raise Crashed


@dataclass(frozen=True, slots=True)
class Changed:
    """What ``executemany`` tells of its statements."""

    rowcount: int


class FragileConnection:
    """``kept``: the database lives in this connection and outlasts the process."""

    def __init__(self, real: sqlite3.Connection, trap: Trap, *, kept: bool) -> None:
        self._real = real
        self._trap = trap
        self._kept = kept

    @property
    def in_transaction(self) -> bool:
        return self._real.in_transaction

    def execute(self, sql: str, arguments: Any = ()) -> sqlite3.Cursor:
        return self._trap.run(lambda: self._real.execute(sql, arguments))  # type: ignore[no-any-return]

    def executemany(self, sql: str, rows: Iterable[Any]) -> Changed:
        """Row by row, so that the trap may spring between two of them."""
        return Changed(sum(self.execute(sql, row).rowcount for row in rows))

    def close(self) -> None:
        """What is not committed is lost, as it is in a process that dies."""
        if not self._kept:
            self._real.close()
        elif self._real.in_transaction:
            self._real.rollback()
