"""Where calls come from."""

from __future__ import annotations

from collections.abc import Container
from enum import StrEnum
from typing import Protocol

from fuse_otel.core.model.call import CallLog, CallPage, LogPage


class Endpoint(StrEnum):
    CALLS = "calls"
    ALL_LOGS = "all_logs"
    CALL = "call"


class Source(Protocol):
    """The three endpoints of the API. One request each: no retry, no sleep inside.

    ``start`` and ``end`` are the bounds of the path. Raises ``SourceError``.
    """

    @property
    def clock_skew(self) -> float | None:
        """The API's clock minus ours in seconds by its last answer; ``None`` without a date."""

    def list_calls(
        self, start: int, end: int, *, number: str, offset: int, limit: int | None
    ) -> CallPage: ...

    def read_logs(
        self,
        start: int,
        end: int,
        *,
        number: str,
        offset: int,
        limit: int,
        wanted: Container[str] | None = None,
    ) -> LogPage:
        """The logs of the ``wanted`` session ids, of all if it is ``None``."""

    def read_call(self, session_id: str) -> CallLog: ...
