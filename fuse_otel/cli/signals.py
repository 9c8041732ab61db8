"""SIGTERM and SIGINT end the daemon, a second one at once; SIGHUP reads the configuration again."""

from __future__ import annotations

import os
import signal
import sys
from threading import Event
from types import FrameType
from typing import NoReturn

NOW = 1  # exit code when a second signal cuts the drain short


class Signals:
    """What the main thread waits for; other threads may wake it."""

    def __init__(self) -> None:
        self._woken = Event()
        self.stopping = False
        self.reloading = False

    def listen(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, self._reload)

    def wait(self) -> None:
        """Until something is asked for."""
        # Without a time-out some platforms do not let the handler run.
        while not self._woken.wait(1.0):
            pass
        self._woken.clear()

    def wake(self) -> None:
        self._woken.set()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        if self.stopping:
            os._exit(NOW)
        self.stopping = True
        self._woken.set()

    def _reload(self, _number: int, _frame: FrameType | None) -> None:
        self.reloading = True
        self._woken.set()


def interrupt_on_sigterm() -> None:
    """For commands that work for a while: SIGTERM ends them as Ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def leave(code: int) -> NoReturn:
    """End the process now, although a thread still waits for an answer that may never come. What
    counts is in the store.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
