"""The allocator of the C library and Python's collector of cycles, set up for a daemon."""

from __future__ import annotations

import ctypes
import gc

_M_ARENA_MAX = -8  # of glibc's malloc.h


def share_one_arena() -> None:
    """Call this before the first thread starts.

    glibc gives each thread a memory arena of its own, and each arena keeps its freed memory: 160 MB
    unused with five destinations, 20 MB in a single arena. Python's lock lets one thread run at a
    time anyway. Other C libraries neither have nor need this call.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)


def give_back_memory() -> None:
    """Return freed memory to the system. glibc keeps what lies below a block that is still in use:
    100 MB after many pages of 10 MB.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


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
