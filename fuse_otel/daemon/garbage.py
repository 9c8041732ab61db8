"""Python's collector of reference cycles, set up for a daemon that makes many small objects."""

from __future__ import annotations

import gc

NEW_OBJECTS = 10_000
_YOUNGER = 10  # collections of one generation for one of the next, as Python has it


def collect_rarely() -> None:
    """Look for cycles after 10,000 new objects instead of 700, and never among those that exist.

    The objects of a call are in no cycle. A full collection looked at 65,000 objects of the
    imports, while all other threads waited. Call this after the imports and before a service is
    built: the parts of a service are in cycles, and a reload has to free them.
    """
    gc.set_threshold(NEW_OBJECTS, _YOUNGER, _YOUNGER)
    gc.collect()
    gc.freeze()
