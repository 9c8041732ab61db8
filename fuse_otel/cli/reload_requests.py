"""What is to be loaded next, and who waits for the result. Requests that come before the reload
begins share it.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from fuse_otel.errors import Stopping

if TYPE_CHECKING:
    from fuse_otel.config import Loaded

Result = Future[str]
"""A sentence, or empty for success. ``Stopping`` if the daemon ends first."""


class ReloadRequest(NamedTuple):
    following: Loaded
    results: tuple[Result, ...]

    def answer(self, sentence: str) -> None:
        for each in self._waiting():
            each.set_result(sentence)

    def refuse(self) -> None:
        for each in self._waiting():
            each.set_exception(Stopping())

    def _waiting(self) -> Iterator[Result]:
        for each in self.results:
            if each.set_running_or_notify_cancel():  # its client may have given up
                yield each


class ReloadRequests:
    """For any thread."""

    def __init__(self) -> None:
        self._next: ReloadRequest | None = None
        self._lock = Lock()
        self._closed = False

    @property
    def waiting(self) -> bool:
        return self._next is not None

    def add(self, following: Loaded) -> Result:
        """The last configuration counts."""
        result = Result()
        with self._lock:
            if self._closed:
                result.set_exception(Stopping())
                return result
            before = self._next.results if self._next else ()
            self._next = ReloadRequest(following, (*before, result))
        return result

    def take(self) -> ReloadRequest | None:
        with self._lock:
            taken, self._next = self._next, None
        return taken

    def close(self) -> None:
        """No further reload is begun."""
        with self._lock:
            self._closed = True
        if (left := self.take()) is not None:
            left.refuse()


def failed(sentence: str) -> Result:
    result = Result()
    result.set_result(sentence)
    return result
