"""Watches a running daemon from outside: its pages, the states they show, and its memory."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import httpx

from support.patience import PATIENCE
from support.rigs.program import Running

PAGES = ("/", "/status", "/calls", "/metrics", "/-/healthy", "/-/ready")


class Onlooker:
    """Reads all pages again and again: how long each took, and which lanes were shown as down."""

    def __init__(self, url: str) -> None:
        self.seconds: list[float] = []
        self.down: set[str] = set()
        self._client = httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def shows(self, start: str) -> bool:
        """Whether a line of the metrics begins so."""
        lines = self.text("/metrics").splitlines()
        return any(line.startswith(start) for line in lines)

    def text(self, page: str) -> str:
        return self._client.get(page).text

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self._client.close()

    def _look(self) -> None:
        while not self._stop.wait(0.1):
            for page in PAGES:
                began = time.monotonic()
                text = self._client.get(page).text
                self.seconds.append(time.monotonic() - began)
                if page == "/metrics":
                    self.down |= {
                        line.split('destination="')[1].split('"')[0]
                        for line in text.splitlines()
                        if line.startswith("fuse_otel_lane_up{") and line.endswith(" 0.0")
                    }


def peak_memory(daemon: Running) -> int:
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
