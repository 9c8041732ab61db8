"""The post-call web service: a POST for each live call that ended. A failed one is not repeated."""

from __future__ import annotations

import json
import math
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

from fuse_otel.simulator.call import SimulatedCall
from fuse_otel.simulator.quirks import HookEncoding

_TIMEOUT = 5.0
_PAUSE = 0.2


class PostCallHook:
    """``ended`` gives the calls that ended in ``[start, end)``. Raises ``ValueError`` for a URL
    that is not HTTP.
    """

    def __init__(
        self,
        url: str,
        token: str,
        encoding: HookEncoding,
        ended: Callable[[float, float], Iterable[SimulatedCall]],
        clock: Callable[[], float],
    ) -> None:
        if urlsplit(url).scheme not in {"http", "https"}:
            raise ValueError("the hook's URL must begin with http:// or https://")
        self._url = url
        self._token = token
        self._encoding = encoding
        self._ended = ended
        self._clock = clock
        self._announced = math.floor(clock())
        self._opener: OpenerDirector = build_opener(ProxyHandler({}))
        self.results: Counter[str] = Counter()

    def step(self, now: float) -> None:
        """Announce the calls that ended since the step before."""
        upto = math.floor(now)
        if upto <= self._announced:
            return
        calls = sorted(self._ended(self._announced + 1, upto + 1), key=lambda call: call.end)
        self._announced = upto
        for call in calls:
            self.results[self._announce(call)] += 1

    @contextmanager
    def running(self) -> Iterator[None]:
        stopping = threading.Event()

        def loop() -> None:
            while not stopping.wait(_PAUSE):
                self.step(self._clock())

        thread = threading.Thread(target=loop, name="simulator-hook")
        thread.start()
        try:
            yield
        finally:
            stopping.set()
            thread.join()

    def _announce(self, call: SimulatedCall) -> str:
        """The HTTP status, or ``failed``."""
        try:
            with self._opener.open(self._request(call), timeout=_TIMEOUT) as answer:
                return str(answer.status)
        except HTTPError as error:
            with error:
                return str(error.code)
        except (OSError, HTTPException):
            return "failed"

    def _request(self, call: SimulatedCall) -> Request:
        fields = {
            "session.id": call.session_id,
            "session.connection.ani": call.src,
            "session.connection.dnis": call.dest,
            "session.name": call.application,
        }
        if self._encoding is HookEncoding.QUERY:
            query = urlencode({**fields, "token": self._token} if self._token else fields)
            joint = "&" if "?" in self._url else "?"
            return Request(f"{self._url}{joint}{query}", method="POST")  # noqa: S310 - checked above
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        if self._encoding is HookEncoding.JSON:
            headers["Content-Type"] = "application/json"
            body = json.dumps(fields).encode()
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(fields).encode()
        return Request(self._url, data=body, headers=headers, method="POST")  # noqa: S310 - checked above
