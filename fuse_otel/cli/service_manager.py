"""Reports the state of the daemon to a service manager such as systemd (sd_notify(3)), if it asks.

The protocol: datagrams of ``NAME=VALUE`` lines to the UNIX socket that ``NOTIFY_SOCKET`` names.
With ``WATCHDOG_USEC`` the manager restarts a process that does not report within that time.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from math import inf

_SENDING = 1.0  # seconds: a manager that reads nothing must not stop the daemon


class ServiceManager:
    """``failed`` gets the reason, once, if the manager cannot be reached. Later reports are still
    tried, because the manager may only be busy.

    ``alive_every``: seconds between two calls of ``alive``, half of what the manager allows.
    """

    def __init__(self, environ: Mapping[str, str], failed: Callable[[str], None]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._failed = failed
        self._has_failed = False
        self.alive_every = self._watchdog(environ) / 2

    def _watchdog(self, environ: Mapping[str, str]) -> float:
        """Seconds; infinite if there is none, or if it is meant for another process."""
        limit = environ.get("WATCHDOG_USEC", "")
        meant = environ.get("WATCHDOG_PID", "") in {"", str(os.getpid())}
        if not (self._address and meant and limit.isdecimal() and int(limit)):
            return inf
        return int(limit) / 1e6

    def ready(self) -> None:
        """Started, or reloaded."""
        self._send("READY=1")

    def reloading(self) -> None:
        """The manager compares the time with that of its own request to reload."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def alive(self) -> None:
        if self.alive_every < inf:
            self._send("WATCHDOG=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        # `@` stands for the zero byte of an abstract address.
        address = self._address.replace("@", "\0", 1) if self._address[0] == "@" else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.settimeout(_SENDING)
                sender.sendto(text.encode(), address)
        except OSError as error:
            if not self._has_failed:
                self._failed(str(error))
            self._has_failed = True
