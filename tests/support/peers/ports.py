"""Free ports of this machine, for programs that cannot choose their own."""

from __future__ import annotations

import random
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 15_000


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now, of those below what the system hands out for connections: a
    program that is killed and started again shall find its port still free.
    """
    found: list[int] = []
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
    highest = _first_handed_out()
    while len(found) < count:
        port = random.SystemRandom().randrange(_LOWEST, highest)
        if port not in found and _is_free(port):
            found.append(port)
    return found


def _first_handed_out() -> int:
    return int(_RANGE.read_text().split()[0]) if _RANGE.exists() else 32_768


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
