"""How the time of an operation grows with its input."""

from collections.abc import Callable
from time import process_time

_TIMES = 16
_LINEAR = 4
_RUNS = 5


def growth(operation: Callable[[str], object], unit: str, size: int = 64 << 10) -> float:
    """How much longer a character takes in a text of ``size`` characters than in a sixteenth of
    it: 1 if the time is linear, 16 if it is quadratic. The texts repeat ``unit``. Others use the
    processor too, so a measurement that is too long is repeated, and the fastest of each counts.
    """
    texts = [unit * (each // len(unit)) for each in (size // _TIMES, size)]
    fastest = [float("inf")] * 2
    for _ in range(_RUNS):
        for place, text in enumerate(texts):
            times = 1 if place else _TIMES
            fastest[place] = min(fastest[place], _time(operation, text, times))
        if fastest[1] < _LINEAR * fastest[0]:
            break
    return fastest[1] / fastest[0]


def _time(operation: Callable[[str], object], text: str, times: int) -> float:
    """Seconds of the processor for so many operations."""
    start = process_time()
    for _ in range(times):
        operation(text)
    return process_time() - start
