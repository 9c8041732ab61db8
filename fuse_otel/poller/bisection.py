"""Searches a window that fails as a whole for the parts that make it fail."""

from __future__ import annotations

from collections.abc import Callable

from fuse_otel.core.timing.windows import Window
from fuse_otel.poller.requests import Scan


def bisect(
    failed: Window, read: Callable[[Window], Scan[bool]], may_divide: Callable[[Window], bool]
) -> Scan[list[Window]]:
    """Read the halves of ``failed``, the halves of those that fail, and so on; newest first,
    because live calls are there. Returns the failed parts that may not be divided.

    Both halves are read before one is divided: if a single second fails, one of two requests is
    answered, so it stays known that the API works.
    """
    at_fault: list[Window] = []
    divided = [failed]
    while divided:
        part = divided.pop()
        if part.seconds <= 1 or not may_divide(part):
            at_fault.append(part)
            continue
        older, newer = part.halves()
        newer_read = yield from read(newer)
        older_read = yield from read(older)
        divided += [half for half, good in ((older, older_read), (newer, newer_read)) if not good]
    return at_fault
