"""Where calls come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from fuse_otel.core.model.call import CallLog, CallRecord


class Endpoint(StrEnum):
    CALLS = "calls"
    ALL_LOGS = "all_logs"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class CallPage:
    """``records`` counts what the page held, unreadable ones included; ``total`` is the API's
    ``total_calls``, ``None`` if it named none.
    """

    calls: tuple[CallRecord, ...]
    records: int
    total: int | None


@dataclass(frozen=True, slots=True)
class LogPage:
    """``records`` counts what the page held; ``size`` is the decoded answer in bytes."""

    logs: Mapping[str, CallLog]
    records: int
    size: int


class Source(Protocol):
    """The three questions the API answers. One request each: no retry, no sleep inside.

    ``start`` and ``end`` are the bounds of the path. Raises ``SourceError``.
    """

    def list_calls(
        self, start: int, end: int, *, number: str, offset: int, limit: int | None
    ) -> CallPage: ...

    def read_logs(
        self, start: int, end: int, *, number: str, offset: int, limit: int
    ) -> LogPage: ...

    def read_call(self, session_id: str) -> CallLog: ...
