"""A table of what was computed before, bounded in number and in bytes."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """``size``: how many bytes of memory it takes at most."""

    @property
    def size(self) -> int: ...


K = TypeVar("K")
V = TypeVar("V", bound=Sized)


class BoundedTable(Generic[K, V]):
    """Holds at most ``most`` values of ``room`` bytes in all, in two generations.

    When the young generation is full, it becomes the old one, whose values are dropped. A value
    that is read becomes young again. So no read has a cost that grows with the table, and what is
    in use stays. Several threads may share a table: each step on a generation is one of ``dict``.
    ``came_before`` shows its users which keys repeat, by their hashes.
    """

    __slots__ = ("_bytes", "_most", "_old", "_room", "_young", "came_before")

    def __init__(self, most: int, room: int) -> None:
        self._most = most // 2
        self._room = room // 2
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}
        self._bytes = 0
        self.came_before = SeenBefore()

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())

    @property
    def bytes(self) -> int:
        """What all values take; one that is in both generations counts once."""
        return sum(value.size for value in (self._old | self._young).values())

    def get(self, key: K) -> V | None:
        value = self._young.get(key)
        if value is None:
            value = self._old.get(key)
            if value is not None:
                self.put(key, value)
        return value

    def put(self, key: K, value: V) -> None:
        """Nothing is kept of a value that is larger than a generation."""
        if value.size > self._room:
            return
        known = self._young.pop(key, None)
        if known is not None:
            self._bytes -= known.size
        if len(self._young) >= self._most or self._bytes + value.size > self._room:
            self._old, self._young, self._bytes = self._young, {}, 0
        self._young[key] = value
        self._bytes += value.size


class SeenBefore:
    """Remembers which hashes came before, in a fixed number of bytes: one byte of each hash, in a
    place that two others name. A later hash takes the place, so the memory fades by itself. One of
    256 new hashes counts as seen.
    """

    __slots__ = ("_marks",)

    def __init__(self) -> None:
        self._marks = bytearray(1 << 16)

    def __call__(self, number: int) -> bool:
        """Whether the hash came before; it has come now."""
        place, mark = number & 0xFFFF, number >> 16 & 0xFF
        if self._marks[place] == mark:
            return True
        self._marks[place] = mark
        return False
