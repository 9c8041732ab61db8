"""A call's log as it can be read at a moment, in the shapes of both endpoints."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache

from fuse_otel.simulator.json_bytes import dump
from fuse_otel.simulator.quirks import MissingDetail, MissingLog, Quirks
from fuse_otel.simulator.simulated_call import Entry, SimulatedCall
from fuse_otel.simulator.world import World

EXPIRED = dump({"error": "There are no call log details available for this call."})
NOT_FOUND = dump({"error": "No call log was found."})
_KEPT = 1 << 13


class Details:
    def __init__(self, world: World, quirks: Quirks) -> None:
        self._world = world
        self._quirks = quirks
        self._whole = lru_cache(_KEPT)(self._render_whole)

    def in_bulk(self, call: SimulatedCall, now: float) -> bytes | None:
        """The value of a bulk record's ``detail``; ``None`` where there is no such key."""
        if self._is_expired(call, now):
            return EXPIRED
        shown = self._shown(call, now)
        if shown is not None:
            return shown
        return {
            MissingDetail.ABSENT: None,
            MissingDetail.NULL: b"null",
            MissingDetail.EMPTY: b"[]",
            MissingDetail.ERROR: NOT_FOUND,
        }[self._quirks.missing_detail]

    def alone(self, session_id: str, now: float) -> tuple[int, bytes]:
        """HTTP status and body of ``/call/{session_id}``."""
        call = self._world.find(session_id)
        if call is None:
            return 404, NOT_FOUND
        if self._is_expired(call, now):
            return self._quirks.expired_status, EXPIRED
        shown = self._shown(call, now)
        if shown is not None:
            return 200, shown
        return {
            MissingLog.NOT_FOUND: (404, NOT_FOUND),
            MissingLog.NULL: (200, b"null"),
            MissingLog.EMPTY: (200, b"[]"),
        }[self._quirks.missing_log]

    def is_lost(self, call: SimulatedCall) -> bool:
        """Whether the call's log never shows, though the list says that it has one."""
        share = zlib.crc32(call.session_id.encode()) / 2**32
        return share < self._quirks.lost_logs

    def _is_expired(self, call: SimulatedCall, now: float) -> bool:
        return now - call.end > self._quirks.retention

    def _shown(self, call: SimulatedCall, now: float) -> bytes | None:
        quirks = self._quirks
        running = call.end > now
        if not call.log or self.is_lost(call) or (running and not quirks.running_calls):
            return None
        if now < call.end + quirks.log_delay and not running:
            return None
        if now >= call.end + quirks.entry_delay:
            return self._whole(call.session_id)
        return self._render_until(call.session_id, now - quirks.entry_delay)

    def _render_whole(self, session_id: str) -> bytes:
        return self._render(self._world.entries(session_id))

    def _render_until(self, session_id: str, moment: float) -> bytes | None:
        entries = self._world.entries(session_id)
        seen = [entry for entry in entries if int(str(entry["timestamp"])) <= moment]
        return self._render(seen) if seen else None

    def _render(self, entries: Sequence[Entry]) -> bytes:
        quirks = self._quirks
        if quirks.string_numbers or quirks.empty_data_as_list:
            return dump([as_php(entry, quirks) for entry in entries])
        return dump(entries)


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
