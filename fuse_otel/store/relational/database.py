"""What the five interfaces need of a database, whichever engine it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Cursor(Protocol):
    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any: ...  # noqa: ANN401 - a row of any query, or None

    def fetchall(self) -> list[Any]: ...

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    def execute(
        self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ..., /
    ) -> Cursor: ...

    def executemany(
        self, query: str, rows: Iterable[Sequence[Any] | Mapping[str, Any]], /
    ) -> Cursor: ...


class Database(Protocol):
    """Transactions. All of them raise ``StoreError``.

    ``owner`` is the id of this replica, empty where a store has one process only. ``looseness`` is
    how much the recent calls of this process show.
    """

    looseness: int

    @property
    def name(self) -> str: ...

    @property
    def owner(self) -> str: ...

    def read(self) -> AbstractContextManager[Connection]:
        """One consistent view."""
        ...

    def write(self) -> AbstractContextManager[Connection]:
        """All or nothing, durable when the block ends."""
        ...

    def claiming(self) -> AbstractContextManager[Connection]:
        """A transaction that claims what a lane sends next."""
        ...

    def erasing(self) -> AbstractContextManager[Connection]:
        """As ``write``; what it deletes is overwritten, as far as the engine can."""
        ...

    def check_writable(self) -> None:
        """Raises ``Broken`` if the store is open for reading only."""
        ...

    def give_back(self, connection: Connection) -> None:
        """Return free space to the disk, inside the caller's transaction."""
        ...

    def close(self) -> None: ...
