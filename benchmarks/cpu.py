"""The CPU time of other processes."""

from __future__ import annotations

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(pid: int) -> float:
    """User and system seconds of a running process so far, all its threads together."""
    user, system = _fields(pid)[11:13]
    return (int(user) + int(system)) / TICKS


def _fields(pid: int) -> list[str]:
    """Of ``/proc/PID/stat``, from the state on."""
    # The name of the program may hold blanks and parentheses: the fields begin after the last one.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def cpu_of_tree(pid: int) -> float:
    """Seconds of a running process and its children, with those children that have ended."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    user, system = _fields(pid)[13:15]
    ended = (int(user) + int(system)) / TICKS
    return cpu_of(pid) + ended + sum(map(_cpu_if_running, children))


def _cpu_if_running(pid: str) -> float:
    try:
        return cpu_of(int(pid))
    except FileNotFoundError:  # it has ended since it was listed
        return 0.0


def peak_of(pid: int) -> int:
    """The most bytes that a running process ever had resident."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
