"""Requests the logs of a few calls at the same time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from fuse_otel.core.model.call import CallLog
from fuse_otel.errors import InternalError, SourceError
from fuse_otel.ports import Source


class DetailPool:
    """One request runs in the caller's thread, the others in a pool.

    The pool is created at its first use and never touches the store.
    """

    def __init__(self, source: Source, threads: int) -> None:
        self._source = source
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None

    def __call__(self, session_ids: Sequence[str]) -> Mapping[str, CallLog | SourceError]:
        if not session_ids:
            return {}
        if len(session_ids) == 1 or self._threads < 1:
            return {session_id: self._read(session_id) for session_id in session_ids}
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="details")
        first, *others = session_ids
        # The caller's deadline applies to them too.
        futures = [self._pool.submit(copy_context().run, self._read, each) for each in others]
        answers = [self._read(first), *(future.result() for future in futures)]
        return dict(zip(session_ids, answers, strict=True))

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _read(self, session_id: str) -> CallLog | SourceError:
        try:
            return self._source.read_call(session_id)
        except SourceError as error:
            return error
        except Exception as error:  # noqa: BLE001 - of this call only: the others continue
            return InternalError.of(error)
