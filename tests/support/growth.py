"""How the time of an operation grows with its input."""

from collections.abc import Callable
from time import process_time

_SMALL, _LARGE = 4 << 10, 64 << 10  # characters
_RUNS = 3


def growth(operation: Callable[[str], object], unit: str) -> float:
    """How much longer a character takes in a text of 64 KiB than in one of 4 KiB: 1 if the time is
    linear, 16 if it is quadratic. The texts repeat ``unit``. Of several runs the fastest counts,
    because others use the processor too.
    """
    small, large = (
        _time(operation, unit * (size // len(unit)), _LARGE // size) for size in (_SMALL, _LARGE)
    )
    return large / small


def _time(operation: Callable[[str], object], text: str, times: int) -> float:
    """Seconds of the processor for so many operations."""

    def run() -> float:
        start = process_time()
        for _ in range(times):
            operation(text)
        return process_time() - start

    return min(run() for _ in range(_RUNS))
