"""A Fuse API whose answers are anything at all now and then: in front of the simulated one."""

from __future__ import annotations

import gzip
import json
import re
import threading
import time
from collections.abc import Callable
from random import Random
from urllib.parse import urlsplit

import httpx

from fuse_otel.simulator.simulated_api import SimulatedApi
from support.fakes.hostile_answers import Body, hostile_http
from support.fakes.raw_http import Peer, answer

SUCCESS = re.compile(rb"HTTP/1\.\d 2")  # a list that is a success may be listed again at once


class HostileApi:
    """The ``respond`` of a ``RawServer``. While ``left`` is above 0 it draws three of ten answers.

    ``too_soon``: the waits in seconds, shorter than ``shortest``, before a request that was just
    answered with an error came again.
    """

    def __init__(self, api: SimulatedApi, count: int, shortest: float) -> None:
        self.left = count
        self.too_soon: list[float] = []
        self._client = httpx.Client(base_url=api.url.rsplit("/api", 1)[0], timeout=60)
        self._shortest = shortest
        self._random = Random(3)
        self._lock = threading.Lock()
        self._failed: dict[str, float] = {}

    def __call__(self, peer: Peer, head: str) -> None:
        target = head.split(" ", 2)[1]
        data = self._drawn(target)
        if data is None:
            peer.send(self._true(target, head))
        else:
            peer.send(data)
            peer.close()

    def close(self) -> None:
        self._client.close()

    def _drawn(self, target: str) -> bytes | None:
        with self._lock:
            self._note(target)
            if not self.left or self._random.random() < 0.7:
                return None
            self.left -= 1
            bodies = (*_UNUSABLE, *_LISTS) if "/calls/" in target else _UNUSABLE
            raw = hostile_http(self._random, long_waits=False, bodies=bodies).raw or b""
            if not SUCCESS.match(raw):
                self._failed[target] = time.monotonic()
            return raw

    def _note(self, target: str) -> None:
        failed = self._failed.pop(target, None)
        if failed is not None and time.monotonic() - failed < self._shortest:
            self.too_soon.append(time.monotonic() - failed)

    def _true(self, target: str, head: str) -> bytes:
        login = next(x for x in head.splitlines() if x.lower().startswith("authorization:"))
        split = urlsplit(target)
        found = self._client.get(
            f"{split.path}?{split.query}",
            headers={"Authorization": login.split(":", 1)[1].strip()},
        )
        kept = {"Date": found.headers["Date"], "Content-Type": found.headers["Content-Type"]}
        return answer(found.content, f"{found.status_code} OK", kept)


def _text(random: Random) -> Body:
    texts = (
        *(b"", b"null", b"0", b'"text"', b"\xff\xfe", b"NaN", b"{", b"[", b'{"calls":', b"<html>"),
        *(b"<title" * 9_000, b"[" * 60_000, b'{"calls":' * 30_000, b'{"a":1e999999}'),
        *(b'{"error":"database error"}', b'{"error":' + b"[" * 9_000, b'{"error":5}'),
        b'{"error":"' + b"8005550100 " * 20_000 + b'"}',
    )
    return "application/json", random.choice(texts)


def _noise(random: Random) -> Body:
    return "application/json", random.randbytes(random.choice((1, 20, 5_000, 500_000)))


def _bomb(_random: Random) -> Body:
    return "application/json", gzip.compress(bytes(40_000_000), mtime=0)


def _cut(random: Random) -> Body:
    whole = json.dumps([{"event": {"line": "x", "data": {}}, "class": "info"}] * 9).encode()
    return "application/json", whole[: random.randrange(1, len(whole) - 1)]


def _odd_calls(random: Random) -> Body:
    """A list with records that no decoder expects. Their ids show that they are not the API's."""
    odd: object = random.choice(
        (
            *(None, [], {}, 5, "x", 1e308, -1, 2**70, "9" * 5_000, "\ud800", True, [[]] * 50),
            *("y" * 300, "z" * 70_000, {"a": {"b": []}}),
        )
    )
    now = int(time.time())
    record = {"session_id": f"hostile;{random.random()}", "start": now - 60, "end": now - 50}
    field = random.choice(("session_id", "start", "end", "src", "dest", "type", "log", "more"))
    calls: object = random.choice(([{**record, field: odd}], [odd], odd))
    total = random.choice((1, 0, -1, 10**9, 2**70, "1", None, [], 1.5))
    return "application/json", json.dumps({"calls": calls, "total_calls": total}).encode()


def _ahead(random: Random) -> Body:
    """Many records, and a total that says there are more."""
    now = int(time.time())
    calls = [
        {"session_id": f"hostile;{random.random()}", "start": now - 90, "end": now - 80, "log": 0}
        for _ in range(50)
    ]
    return "application/json", json.dumps({"calls": calls, "total_calls": 10**6}).encode()


_UNUSABLE: tuple[Callable[[Random], Body], ...] = (_text, _text, _noise, _bomb, _cut)
_LISTS: tuple[Callable[[Random], Body], ...] = (_odd_calls, _odd_calls, _odd_calls, _ahead)
