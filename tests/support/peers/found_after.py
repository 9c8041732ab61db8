"""The table of ``docs/back-ends.md``: how long after its delivery a query finds a call."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

from support.peers.page import PAGE

BEGIN, END = "<!-- found after: begin -->\n", "<!-- found after: end -->\n"
NOT = "not found"
_PAUSE = 0.3


@dataclass
class Row:
    """``find`` returns whether the query finds the call of an age now."""

    program: str
    protocol: str
    asked: str
    find: Callable[[str], object]
    delivered: float
    after: dict[str, float] = field(default_factory=dict)

    def look(self, ages: Sequence[str]) -> None:
        for age in ages:
            if age not in self.after and self.find(age):
                self.after[age] = time.monotonic() - self.delivered

    def missing(self, ages: Sequence[str]) -> set[str]:
        return set(ages) - self.after.keys()

    def cells(self, ages: Sequence[str]) -> list[str]:
        return [self.program, self.protocol, self.asked, *map(self._cell, ages)]

    def _cell(self, age: str) -> str:
        return seconds(self.after[age]) if age in self.after else NOT


class Asking:
    """A context manager: its thread runs the queries of all ``rows`` again and again, also of rows
    that are added later. Its end waits until all calls are found, at most ``patience`` seconds.
    """

    def __init__(self, rows: Sequence[Row], ages: Sequence[str], patience: float) -> None:
        self._rows, self._ages, self._patience = rows, ages, patience
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        end = time.monotonic() + self._patience
        while self._missing() and self._thread.is_alive() and time.monotonic() < end:
            time.sleep(_PAUSE)
        self._stop.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._stop.wait(_PAUSE):
            for row in tuple(self._rows):
                row.look([age for age in self._ages if age in row.missing(self._ages)])

    def _missing(self) -> bool:
        return any(row.missing(self._ages) for row in self._rows)


def seconds(after: float) -> str:
    return "1 s" if after <= 1 else f"{math.ceil(after)} s"


def written(rows: Sequence[Row], ages: Sequence[str]) -> str:
    head = ["program", "protocol", "asked", *ages]
    lines = [head, ["---"] * len(head), *(row.cells(ages) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def on_the_page() -> str:
    return PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


def update_page(table: str) -> None:
    before, begin, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    PAGE.write_text(before + begin + table + end + after, encoding="utf-8")


def without_seconds(table: str) -> list[str]:
    """The rows without the seconds: what is found, not when."""
    words = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    return [
        " | ".join("found" if cell.endswith(" s") and cell[:-2].isdigit() else cell for cell in row)
        for row in words
    ]
