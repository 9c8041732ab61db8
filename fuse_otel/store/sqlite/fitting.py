"""How many rows are read at once."""

from __future__ import annotations

from collections.abc import Iterable


def within(rows: Iterable[tuple[int, int]], max_bytes: int) -> list[int]:
    """The ids of the first rows, given as (id, size), that fit together; the very first in any
    case. No row is asked for past that.
    """
    chosen: list[int] = []
    total = 0
    for row, size in rows:
        total += size
        if chosen and total > max_bytes:
            break
        chosen.append(row)
    return chosen
