"""The simulated Fuse API as a running server."""

from __future__ import annotations

import base64
import gzip
import hmac
import json
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Self

from fuse_otel.simulator.call import RawEntry, SimulatedCall
from fuse_otel.simulator.content import Content, WorldContent
from fuse_otel.simulator.faults import Fault, FaultKind, Faults
from fuse_otel.simulator.hook import PostCallHook
from fuse_otel.simulator.odd_calls import fill_nested
from fuse_otel.simulator.quirks import DateHeader, Quirks
from fuse_otel.simulator.requests import (
    ApiQuery,
    ReceivedRequest,
    RecordedRequest,
    RequestRecorder,
    parse_query,
)
from fuse_otel.simulator.responses import SimulatedResponse, apply_fault, error_response, to_xml
from fuse_otel.simulator.samples import SamplesWorld
from fuse_otel.simulator.server import Server
from fuse_otel.simulator.world import World

BASE = "/api"
FAULTS_PATH = "/_simulator/faults"


class SimulatedEndpoints:
    """Thread-safe. Only requests with this e-mail address and developer key get calls."""

    def __init__(
        self,
        content: Content,
        faults: Faults,
        recorder: RequestRecorder,
        *,
        email: str,
        developer_key: str,
        quirks: Quirks,
        clock: Callable[[], float],
    ) -> None:
        self._content = content
        self._faults = faults
        self._recorder = recorder
        self._quirks = quirks
        self._clock = clock
        secret = base64.b64encode(f"{email}:{developer_key}".encode())
        self._authorization = b"Basic " + secret

    def respond(self, request: ReceivedRequest) -> SimulatedResponse:
        if request.target.split("?")[0] == FAULTS_PATH:
            return self._control(request)
        now = self._clock()
        query = parse_query(request, BASE)
        latency, fault = self._faults.draw(query)
        is_xml = query.xml or (fault is not None and fault.kind == FaultKind.XML)
        response = self._form(self._respond(request, query, now), is_xml=is_xml)
        if fault is not None:
            response = apply_fault(response, fault, now)
        response = replace(self._compressed(request, response), latency=latency)
        agent = request.headers.get("user-agent", "")
        self._recorder.add(RecordedRequest(query, agent, response.status))
        return response

    def _form(self, response: SimulatedResponse, *, is_xml: bool) -> SimulatedResponse:
        """JSON or XML, with the ``Date`` header that the quirks want."""
        if is_xml:
            response = replace(response, body=to_xml(response.body), content_type="application/xml")
        body = fill_nested(response.body, xml=is_xml)
        return replace(response, body=body, headers={**response.headers, **self._date()})

    def _date(self) -> dict[str, str]:
        match self._quirks.date_header:
            case DateHeader.MISSING:
                return {"Date": ""}
            case DateHeader.NONSENSE:
                return {"Date": "Mon, 99 Feb 9999999999 00:00:00 GMT"}
        return {}

    def _respond(self, request: ReceivedRequest, query: ApiQuery, now: float) -> SimulatedResponse:
        if request.method != "GET":
            return error_response(405, "Only GET is allowed.", Allow="GET")
        if not self._is_authorized(request):
            return error_response(
                401, "Invalid email or developer key.", WWW_Authenticate='Basic realm="Fuse"'
            )
        if query.endpoint == "other":
            return error_response(404, "Not found.")
        if query.endpoint == "call":
            return SimulatedResponse(*self._content.log(query.session_id, now))
        return SimulatedResponse(200, self._content.page(query, now))

    def _is_authorized(self, request: ReceivedRequest) -> bool:
        given = request.headers.get("authorization", "").encode("latin-1", "replace")
        return hmac.compare_digest(given, self._authorization)

    def _compressed(
        self, request: ReceivedRequest, response: SimulatedResponse
    ) -> SimulatedResponse:
        is_encoded = "Content-Encoding" in response.headers
        if (
            not self._quirks.compress
            or is_encoded
            or "gzip" not in request.headers.get("accept-encoding", "")
        ):
            return response
        body = gzip.compress(response.body, compresslevel=1, mtime=0)
        return replace(
            response, body=body, headers={**response.headers, "Content-Encoding": "gzip"}
        )

    def _control(self, request: ReceivedRequest) -> SimulatedResponse:
        """GET returns the faults, POST replaces them, as a JSON array of objects."""
        if request.method not in {"GET", "POST"}:
            return error_response(405, "Only GET and POST are allowed.", Allow="GET, POST")
        if request.method == "POST":
            try:
                self._faults.replace(_read_faults(request.body))
            except ValueError as error:
                return error_response(400, str(error))
        active = [fault.to_json() for fault in self._faults.active()]
        return SimulatedResponse(200, json.dumps(active).encode())


def _read_faults(body: bytes) -> list[Fault]:
    document = json.loads(body)
    if not isinstance(document, list) or not all(isinstance(each, dict) for each in document):
        raise ValueError("the faults are a JSON array of objects")
    return [Fault.from_json(each) for each in document]


EMAIL = "owner@example.com"
DEVELOPER_KEY = "simulated-key"


class SimulatedApi:
    """A context manager: the server runs inside the ``with``, on ``url``.

    ``clock`` gives UNIX seconds and decides which calls have ended; a test may move it. ``port``
    0 takes a free one. With ``hook_url`` every call that ends while the server runs is announced
    there. Raises ``OSError`` if it cannot listen there.
    """

    def __init__(  # noqa: PLR0913 - options of a server, all by name
        self,
        world: World | SamplesWorld,
        *,
        quirks: Quirks | None = None,
        faults: Faults | None = None,
        email: str = EMAIL,
        developer_key: str = DEVELOPER_KEY,
        clock: Callable[[], float] = time.time,
        host: str = "127.0.0.1",
        port: int = 0,
        hook_url: str = "",
        hook_token: str = "",
    ) -> None:
        self.email = email
        self.developer_key = developer_key
        self.quirks = quirks or Quirks()
        self.faults = faults or Faults()
        self._clock = clock
        self._address = (host, port)
        self._recorder = RequestRecorder()
        self._content: Content = (
            world if isinstance(world, SamplesWorld) else WorldContent(world, self.quirks)
        )
        self.hook = (
            PostCallHook(
                hook_url, hook_token, self.quirks.hook_encoding, self._content.ended, clock
            )
            if hook_url
            else None
        )
        self._running = ExitStack()
        self._port = port

    def __enter__(self) -> Self:
        endpoints = SimulatedEndpoints(
            self._content,
            self.faults,
            self._recorder,
            email=self.email,
            developer_key=self.developer_key,
            quirks=self.quirks,
            clock=self._clock,
        )
        server = Server(self._address, endpoints.respond, self._date)
        self._port = self._running.enter_context(server.running())
        if self.hook is not None:
            self._running.enter_context(self.hook.running())
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    @property
    def origin(self) -> str:
        """``http://host:port``."""
        host = self._address[0]
        return f"http://[{host}]:{self._port}" if ":" in host else f"http://{host}:{self._port}"

    @property
    def url(self) -> str:
        """The base URL of the API."""
        return self.origin + BASE

    @property
    def requests(self) -> Counter[str]:
        """Requests so far: ``calls``, ``all_logs``, ``call``, ``other``."""
        return self._recorder.counts()

    @property
    def recorded(self) -> tuple[RecordedRequest, ...]:
        """The last 10,000 requests, the oldest first."""
        return self._recorder.last()

    def truth(self, start: float, end: float) -> tuple[SimulatedCall, ...]:
        """Every call that has ended by now with its end in ``[start, end)``, by end."""
        now = self._clock()
        calls = (call for call in self._content.ended(start, end) if call.end <= now)
        return tuple(sorted(calls, key=lambda call: (call.end, call.session_id)))

    def entries(self, session_id: str) -> tuple[RawEntry, ...]:
        """A call's complete log, also if the API does not show it. Raises ``KeyError``."""
        return self._content.entries(session_id)

    def _date(self) -> float:
        return self._clock() + self.quirks.clock_skew
