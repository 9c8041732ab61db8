"""The faults that are switched on, changeable while the simulator runs."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from random import Random

from fuse_otel.simulator.fault import Fault, FaultKind
from fuse_otel.simulator.question import Question


class Faults:
    """Thread-safe. Chances are drawn from ``seed``; of several faults that strike a request the
    latencies add up and the first other one decides.
    """

    def __init__(self, faults: Iterable[Fault] = (), *, seed: int = 1) -> None:
        self._lock = threading.Lock()
        self._dice = Random(seed)
        self._left: dict[int, tuple[Fault, int | None]] = {}
        self._next = 0
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> int:
        """Switch a fault on; returns its key for ``remove``."""
        with self._lock:
            self._next += 1
            self._left[self._next] = (fault, fault.count)
            return self._next

    def remove(self, key: int) -> None:
        """Switch a fault off; a fault that is used up is off already."""
        with self._lock:
            self._left.pop(key, None)

    def clear(self) -> None:
        with self._lock:
            self._left.clear()

    def replace(self, faults: Iterable[Fault]) -> None:
        """Switch exactly these on."""
        wanted = tuple(faults)
        with self._lock:
            fresh = enumerate(wanted, self._next + 1)
            self._left = {key: (fault, fault.count) for key, fault in fresh}
            self._next += len(wanted)

    def active(self) -> tuple[Fault, ...]:
        with self._lock:
            return tuple(fault for fault, _ in self._left.values())

    def strike(self, question: Question) -> tuple[float, Fault | None]:
        """The seconds to wait, and the fault to play, for this request."""
        latency, chosen = 0.0, None
        with self._lock:
            for key, (fault, left) in tuple(self._left.items()):
                is_latency = fault.kind is FaultKind.LATENCY
                if (chosen and not is_latency) or not self._strikes(fault, question):
                    continue
                self._use(key, fault, left)
                if is_latency:
                    latency += fault.seconds
                else:
                    chosen = fault
        return latency, chosen

    def _strikes(self, fault: Fault, question: Question) -> bool:
        if not fault.matches(question):
            return False
        return fault.probability == 1 or self._dice.random() < fault.probability

    def _use(self, key: int, fault: Fault, left: int | None) -> None:
        if left is None:
            return
        if left <= 1:
            del self._left[key]
        else:
            self._left[key] = (fault, left - 1)
