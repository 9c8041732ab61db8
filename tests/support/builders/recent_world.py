"""A simulated account of the present time whose calls do not depend on the present time."""

from __future__ import annotations

import time

from fuse_otel.simulator import World


def recent_world(
    *, seed: int, rate: float, past: float = 3600.0, start: float | None = None
) -> World:
    """As ``World``, but its calls are the same at any ``start``, only their times move with it.

    A world counts its calls from 1970, so a test got other calls at each run: now and then none
    with the log, the error or the length that it needed.
    """
    start = int(time.time() if start is None else start)
    return World(seed=seed, rate=rate, past=past, start=start, origin=int(start - past))
