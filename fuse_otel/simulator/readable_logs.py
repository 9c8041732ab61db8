"""The part of a call's log that can be read at a moment, in the shapes of both endpoints."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache

from fuse_otel.simulator.call import RawEntry, SimulatedCall
from fuse_otel.simulator.odd_calls import OddCalls
from fuse_otel.simulator.quirks import MissingDetail, MissingLog, Quirks
from fuse_otel.simulator.responses import dump_json
from fuse_otel.simulator.world import World

EXPIRED = dump_json({"error": "There are no call log details available for this call."})
NOT_FOUND = dump_json({"error": "No call log was found."})
_KEPT = 1 << 13


def is_lost(call: SimulatedCall, quirks: Quirks) -> bool:
    """Whether the log can never be read, although the list says that the call has one."""
    return zlib.crc32(call.session_id.encode()) / 2**32 < quirks.lost_logs


class ReadableLogs:
    def __init__(self, world: World, quirks: Quirks) -> None:
        self._world = world
        self._quirks = quirks
        self._odd_calls = OddCalls(quirks)
        self._whole = lru_cache(_KEPT)(self._render_whole)

    def bulk_value(self, call: SimulatedCall, now: float) -> bytes | None:
        """The value of a bulk record's ``detail``; ``None`` where there is no such key."""
        if self._is_expired(call, now):
            return EXPIRED
        readable = self._readable(call, now)
        if readable is not None:
            return readable
        return {
            MissingDetail.ABSENT: None,
            MissingDetail.NULL: b"null",
            MissingDetail.EMPTY: b"[]",
            MissingDetail.ERROR: NOT_FOUND,
        }[self._quirks.missing_detail]

    def single_response(self, session_id: str, now: float) -> tuple[int, bytes]:
        """HTTP status and body of ``/call/{session_id}``."""
        call = self._world.find(self._odd_calls.usual_id(session_id))
        if call is None:
            return 404, NOT_FOUND
        if self._is_expired(call, now):
            return self._quirks.expired_status, EXPIRED
        readable = self._readable(call, now)
        if readable is not None:
            return 200, readable
        return {
            MissingLog.NOT_FOUND: (404, NOT_FOUND),
            MissingLog.NULL: (200, b"null"),
            MissingLog.EMPTY: (200, b"[]"),
        }[self._quirks.missing_log]

    def _is_expired(self, call: SimulatedCall, now: float) -> bool:
        return now - call.end > self._quirks.retention

    def _readable(self, call: SimulatedCall, now: float) -> bytes | None:
        quirks = self._quirks
        running = call.end > now
        if not call.log or is_lost(call, quirks) or (running and not quirks.running_calls):
            return None
        if now < call.end + quirks.log_delay and not running:
            return None
        if now >= call.end + quirks.entry_delay:
            return self._whole(call.session_id)
        return self._render_until(call.session_id, now - quirks.entry_delay)

    def _render_whole(self, session_id: str) -> bytes:
        return self._render(session_id, self._world.entries(session_id))

    def _render_until(self, session_id: str, moment: float) -> bytes | None:
        entries = self._world.entries(session_id)
        seen = [entry for entry in entries if int(str(entry["timestamp"])) <= moment]
        return self._render(session_id, seen) if seen else None

    def _render(self, session_id: str, entries: Sequence[RawEntry]) -> bytes:
        quirks = self._quirks
        entries = self._odd_calls.entries(session_id, entries)
        if quirks.string_numbers or quirks.empty_data_as_list:
            return dump_json([as_php(entry, quirks) for entry in entries])
        return dump_json(entries)


def as_php(value: object, quirks: Quirks) -> object:
    """The value as a PHP service that lost its types may write it."""
    if isinstance(value, Mapping):
        if not value and quirks.empty_data_as_list:
            return []
        return {name: as_php(member, quirks) for name, member in value.items()}
    if quirks.string_numbers and isinstance(value, bool):
        return "1" if value else ""
    if quirks.string_numbers and isinstance(value, int):
        return str(value)
    return value
