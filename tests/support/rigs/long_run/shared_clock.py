"""The simulated time, in a file that several processes map."""

from __future__ import annotations

import mmap
from pathlib import Path
from struct import Struct
from typing import Self

_SECONDS = Struct("d")


class SharedClock:
    """UNIX seconds. One process moves it, the others read."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _SECONDS.size)

    @classmethod
    def made(cls, path: Path, start: float) -> Self:
        path.write_bytes(_SECONDS.pack(start))
        return cls(path)

    def __call__(self) -> float:
        found: float = _SECONDS.unpack_from(self._map)[0]
        return found

    def move_to(self, now: float) -> None:
        _SECONDS.pack_into(self._map, 0, now)
