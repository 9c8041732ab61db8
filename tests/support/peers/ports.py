"""Free ports of this machine, for programs that cannot choose their own. Each is held for the
program until this process ends: no other process of the test run is given it meanwhile.
"""

from __future__ import annotations

import random
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 15_000
_HELD: list[socket.socket] = []


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now, of those below what the system hands out for connections: a
    program that is killed and started again shall find its port still free.
    """
    found: list[int] = []
    highest = _first_handed_out()
    while len(found) < count:
        port = random.SystemRandom().randrange(_LOWEST, highest)
        if _is_held(port):
            found.append(port)
    return found


def _first_handed_out() -> int:
    return int(_RANGE.read_text().split()[0]) if _RANGE.exists() else 32_768


def _is_held(port: int) -> bool:
    """Whether nobody else had it: then we hold it."""
    holder = socket.socket()
    try:
        holder.bind(("127.0.0.1", port))
    except OSError:
        holder.close()
        return False
    # From now on a server may listen beside it, because it does not listen itself.
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _HELD.append(holder)
    return True
