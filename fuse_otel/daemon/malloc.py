"""The C library's memory, shared by all threads."""

from __future__ import annotations

import ctypes

_M_ARENA_MAX = -8  # of glibc's malloc.h


def share_one_arena() -> None:
    """To be called before the first thread starts.

    glibc gives each of a dozen threads an arena of its own, and each keeps what was freed in it:
    with five destinations 160 MB that nobody used, 20 MB in one arena. The threads take turns for
    Python's lock anyway. Other C libraries have no such call, and no need of it.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
