"""SIGTERM and SIGINT end the daemon, a second one at once; SIGHUP reads the configuration again."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from math import inf
from queue import Empty, SimpleQueue
from threading import Timer, current_thread
from threading import enumerate as enumerate_threads
from types import FrameType

from fuse_otel.cli.output import end_output

_LOOK = 1.0  # seconds: without a time-out some platforms do not let the handler run
_MOMENT = 0.2  # seconds in which a thread ends that waits for nothing
_EXIT = "exit"  # the name of the thread of ``leave_after``
STOPPING = "\nStopping after the present request; once more stops at once.\n"
NOW = 1  # exit code when a second signal cuts the drain short


class Signals:
    """What the main thread waits for; other threads may wake it."""

    def __init__(self) -> None:
        # A handler may run in the middle of a wait: an Event's lock would be held there.
        self._woken: SimpleQueue[None] = SimpleQueue()
        self.stopping = False
        self.reloading = False

    def listen(self, *, reloads: bool = False) -> None:
        """``reloads``: SIGHUP requests a reload. Otherwise it ends the process, as by default."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        if reloads:
            signal.signal(signal.SIGHUP, self._reload)

    def wait(self, seconds: float = inf) -> None:
        """Until something is asked for, or for so long. May end early."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            with suppress(Empty):
                self._woken.get(timeout=min(left, _LOOK))
                return

    def wait_for_end(self, seconds: float = inf) -> None:
        """No longer than until a signal ends the process."""
        end = time.monotonic() + seconds
        while not self.stopping and (left := end - time.monotonic()) > 0:
            self.wait(left)

    def wake(self) -> None:
        self._woken.put(None)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        if self.stopping:
            os._exit(NOW)
        self.stopping = True
        self.wake()

    def _reload(self, _number: int, _frame: FrameType | None) -> None:
        self.reloading = True
        self.wake()


class Interrupt(Signals):
    """For commands that work for a while: the first Ctrl-C or SIGTERM is noted, so that what is on
    its way can end well, and answered with ``words``; the second one raises ``KeyboardInterrupt``.
    """

    words = ""

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        if self.stopping:
            raise KeyboardInterrupt
        self.stopping = True
        self.wake()
        # Not by print: the signal may have come in the middle of one.
        os.write(sys.stderr.fileno(), self.words.encode())


def leave_if_hung(code: int) -> None:
    """End the process now if another thread does not end, as Python would wait for it. It may wait
    for an answer that never comes. Everything important is in the store.
    """
    others = [
        thread
        for thread in enumerate_threads()
        if thread is not current_thread() and thread.name != _EXIT
    ]
    end = time.monotonic() + _MOMENT
    # One moment for all of them: one for each took 30 s with 150 idle threads for details.
    for thread in others:
        thread.join(max(0.0, end - time.monotonic()))
    if any(thread.is_alive() for thread in others):
        end_output()
        os._exit(code)


def leave_after(seconds: float, code: int) -> Timer:
    """End the process after so many seconds, even if a request, the store or the log hangs, unless
    the timer is cancelled.
    """
    timer = Timer(seconds, os._exit, [code])
    timer.daemon = True
    timer.name = _EXIT
    timer.start()
    return timer
