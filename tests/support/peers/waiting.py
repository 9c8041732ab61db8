"""Waiting for a condition, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from support.patience import PATIENCE

T = TypeVar("T")

_PAUSE = 0.2


def wait_for(condition: Callable[[], T], what: str, patience: float = PATIENCE) -> T:
    """The first answer of ``condition`` that is true. ``what`` completes "… did not come"."""
    end = time.monotonic() + patience
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come within {patience:.0f} s; last: {found!r}")
        time.sleep(_PAUSE)
    return found
