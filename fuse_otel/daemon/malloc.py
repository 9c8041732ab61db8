"""The allocator of the C library, set up for many threads."""

from __future__ import annotations

import ctypes

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
