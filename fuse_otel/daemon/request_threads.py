"""Makes the requests of one account in threads, so that none of them keeps another one waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from contextvars import copy_context

from fuse_otel.poller import Outcome, Work

Limit = Callable[[float], AbstractContextManager[None]]
"""Inside it the thread's requests take so many seconds at most."""


class RequestThreads:
    """A ``RequestRunner``. The threads are created when they are needed, and never touch the store.

    ``wait``: a call returns when all the work is done, for a program that runs once in one thread.
    """

    def __init__(self, threads: int, limit: Limit, *, wait: bool = False) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="requests")
        self._limit = limit
        self._wait = wait

    def __call__(self, queue: Sequence[Work], patience: float) -> Sequence[Future[Outcome]]:
        # The caller's deadline applies to them too.
        futures = [
            self._pool.submit(copy_context().run, self._outcome, work, patience) for work in queue
        ]
        if self._wait:
            for future in futures:
                future.result()
        return futures

    def close(self) -> None:
        """Without waiting for requests on their way."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _outcome(self, work: Work, patience: float) -> Outcome:
        began = time.monotonic()
        try:
            with self._limit(patience):
                answer = work()
        except Exception as error:  # noqa: BLE001 - the poller decides what follows from it
            answer = error
        return Outcome(answer, time.monotonic() - began)
