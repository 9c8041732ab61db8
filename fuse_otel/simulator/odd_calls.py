"""Calls that a hostile or broken peer lists: odd ids, an end far ahead, values without bounds."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from fuse_otel.simulator.call import RawEntry, SimulatedCall
from fuse_otel.simulator.quirks import DAY, Quirks

ODD_TAIL: Final = "/../%2F?a=b&c#d \"'<é\u202e\t\n"
LONG_ID: Final = 70_000  # characters
LONG_NAME: Final = 100_000  # characters
NESTED_LISTS: Final = 3_000
YEAR: Final = 365 * DAY
SHIFT: Final = 5 * 3_600  # seconds

# Python's JSON writer cannot nest so deep: the mark is replaced in the finished body.
_NESTED_MARK: Final = "@nested@"
_USUAL_ID = re.compile(r"\d+;\d+;\d+")
_REPETITION = re.compile(r";again-\d+")


class OddCalls:
    """Chooses the calls by their session ids, so that a call is always odd in the same way."""

    def __init__(self, quirks: Quirks) -> None:
        self._quirks = quirks

    def listed(self, call: SimulatedCall) -> SimulatedCall:
        """The call as the lists show it."""
        end = call.end
        if _chosen("end", call.session_id, self._quirks.end_ahead_every):
            end += YEAR
        session_id = self.listed_id(call.session_id)
        if session_id == call.session_id and end == call.end:
            return call
        return replace(call, session_id=session_id, end=end)

    def listed_id(self, session_id: str) -> str:
        if _chosen("odd id", session_id, self._quirks.odd_ids_every):
            session_id += ODD_TAIL
        if _chosen("long id", session_id, self._quirks.long_ids_every):
            session_id = session_id.ljust(LONG_ID, "x")
        return session_id

    def usual_id(self, listed_id: str) -> str:
        """The world's session id for one that a list showed; empty for any other."""
        usual = _USUAL_ID.match(listed_id)
        if usual is None:
            return ""
        tail = listed_id.removeprefix(self.listed_id(usual[0]))
        is_listed = tail != listed_id and (not tail or _REPETITION.fullmatch(tail))
        return usual[0] if is_listed else ""

    def entries(self, session_id: str, entries: Sequence[RawEntry]) -> Sequence[RawEntry]:
        """The entries of a call as the endpoints show them."""
        quirks = self._quirks
        changes: dict[str, Any] = {}
        if _chosen("nested", session_id, quirks.nested_every):
            changes["nested"] = _NESTED_MARK
        if _chosen("long names", session_id, quirks.long_names_every):
            changes |= dict.fromkeys(
                ("module_type", "result_variable", "x" * LONG_NAME), "y" * LONG_NAME
            )
        shift = SHIFT if _chosen("shift", session_id, quirks.shifted_entries_every) else 0
        if not changes and not shift:
            return entries
        return [_changed(entry, changes, shift) for entry in entries]


def repeated(call: SimulatedCall, times: int) -> SimulatedCall:
    """The call as an endless list shows it once more: under another session id."""
    return replace(call, session_id=f"{call.session_id};again-{times}") if times else call


def fill_nested(body: bytes, *, xml: bool) -> bytes:
    """The finished body with the nested lists in it."""
    mark = _NESTED_MARK.encode()
    if mark not in body:
        return body
    if xml:
        return body.replace(mark, b"<item>" * NESTED_LISTS + b"</item>" * NESTED_LISTS)
    return body.replace(b'"%b"' % mark, b"[" * NESTED_LISTS + b"]" * NESTED_LISTS)


def _chosen(oddity: str, session_id: str, every: int) -> bool:
    return every > 0 and zlib.crc32(f"{oddity}/{session_id}".encode()) % every == 0


def _changed(entry: RawEntry, changes: Mapping[str, Any], shift: int) -> RawEntry:
    event: Any = entry["event"]
    data = {**event["data"], **changes}
    timestamp = int(str(entry["timestamp"])) + shift
    return {**entry, "event": {**event, "data": data}, "timestamp": timestamp}
