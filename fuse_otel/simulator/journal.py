"""What the simulator was asked, for tests and for the curious."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass

from fuse_otel.simulator.question import Question

_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    """``status`` is the answer's, also where a fault kept it from arriving."""

    question: Question
    user_agent: str
    status: int


class Journal:
    """Thread-safe. Counts everything, keeps the last 10,000 requests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._last: deque[Asked] = deque(maxlen=_KEPT)

    def add(self, asked: Asked) -> None:
        with self._lock:
            self._counts[asked.question.endpoint] += 1
            self._last.append(asked)

    def counts(self) -> Counter[str]:
        with self._lock:
            return self._counts.copy()

    def last(self) -> tuple[Asked, ...]:
        with self._lock:
            return tuple(self._last)
