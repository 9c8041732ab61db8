"""A Fuse API of raw sockets with the calls that a test needs, some of which make it misbehave."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from email.utils import formatdate
from enum import StrEnum
from urllib.parse import parse_qs, unquote, urlsplit

from support.fakes.raw_http import Peer, answer


class Trouble(StrEnum):
    HANG = "hang"  # nothing is sent
    TRICKLE = "trickle"  # a byte now and then
    CLOSE = "close"
    FORBIDDEN = "403"
    THROTTLED = "429"  # without Retry-After
    FAILED = "500"
    HTML = "html"
    CUT = "cut"  # half of the body


@dataclass(frozen=True, slots=True)
class PlainCall:
    session_id: str
    start: int
    end: int

    def record(self) -> dict[str, object]:
        times = {"start": self.start, "end": self.end}
        return {**times, "session_id": self.session_id, "type": "inbound", "log": True}

    def entries(self) -> list[dict[str, object]]:
        words = {"start": 'Executing application "Shop" version "1"', "exit": "Exiting application"}
        return [
            {
                "event": {"line": line, "data": {"module_type": kind, "result_variable": kind}},
                "class": "info",
                "timestamp": time,
            }
            for (kind, line), time in zip(words.items(), (self.start, self.end), strict=True)
        ]


class PlainApi:
    """The ``respond`` of a ``RawServer``. ``bad_logs``: the trouble with every answer that has the
    log of a call; ``bad_bulk``: with those of bulk requests only; ``bad_lists``: with every list
    that has its record. Filters by start.
    """

    def __init__(self) -> None:
        self.bad_logs: dict[str, Trouble] = {}
        self.bad_bulk: dict[str, Trouble] = {}
        self.bad_lists: dict[str, Trouble] = {}
        self.lists = 0
        self.lists_meanwhile = 0  # lists that were answered while another request was held
        self._held = 0
        self._calls: list[PlainCall] = []
        self._lock = threading.Lock()

    def add(self, session_id: str, *, ago: int, seconds: int = 5) -> str:
        """A call that ended ``ago`` seconds ago. Returns its id."""
        end = int(time.time()) - ago
        with self._lock:
            self._calls.append(PlainCall(session_id, end - seconds, end))
        return session_id

    def __call__(self, peer: Peer, head: str) -> None:
        url = urlsplit(head.split(" ", 2)[1])
        _, endpoint, *rest = url.path.strip("/").split("/")
        query = {name: int(values[0]) for name, values in parse_qs(url.query).items()}
        if endpoint == "call":
            found, body = self._call(unquote(rest[0]))
        else:
            found, body = self._page(endpoint, int(rest[0]), int(rest[1]), query)
        bad = self.bad_lists if endpoint == "calls" else self.bad_logs
        if endpoint == "all_logs" and self.bad_bulk:
            bad = {**bad, **self.bad_bulk}
        trouble = next((bad[call.session_id] for call in found if call.session_id in bad), None)
        self._send(peer, body, trouble)
        if endpoint == "calls":
            self.lists += 1
            self.lists_meanwhile += self._held > 0

    def _call(self, session_id: str) -> tuple[list[PlainCall], object]:
        with self._lock:
            found = [call for call in self._calls if call.session_id == session_id]
        return found, found[0].entries() if found else []

    def _page(
        self, endpoint: str, start: int, end: int, query: dict[str, int]
    ) -> tuple[list[PlainCall], object]:
        with self._lock:
            inside = [call for call in self._calls if start <= call.start <= end]
        first = query.get("offset", 0)
        page = inside[first : first + query.get("limit", 1000)]
        if endpoint == "calls":
            return page, {"calls": [c.record() for c in page], "total_calls": len(inside)}
        return page, {"calls": [{**c.record(), "detail": c.entries()} for c in page]}

    def _send(self, peer: Peer, body: object, trouble: Trouble | None) -> None:
        kept = {"Content-Type": "application/json", "Date": formatdate(usegmt=True)}
        data = answer(json.dumps(body).encode(), headers=kept)
        match trouble:
            case None:
                peer.send(data)
            case Trouble.HANG | Trouble.TRICKLE:
                self._hold(peer, data, trouble)
            case Trouble.CUT:
                peer.send(data[:-20])
                peer.close()
            case Trouble.CLOSE:
                peer.close()
            case Trouble.HTML:
                peer.send(answer(b"<html>Sign in</html>", headers={"Content-Type": "text/html"}))
            case status:
                peer.send(answer(b"", f"{status} No"))

    def _hold(self, peer: Peer, data: bytes, trouble: Trouble) -> None:
        with self._lock:
            self._held += 1
        try:
            if trouble is Trouble.TRICKLE:
                peer.dribble(data)
            peer.hold()
        finally:
            with self._lock:
                self._held -= 1
