"""The Fuse API as a function from a request to an answer."""

from __future__ import annotations

import base64
import gzip
import hmac
import json
from collections.abc import Callable
from dataclasses import replace

from fuse_otel.simulator.answer import SimulatedResponse, failure, spoilt
from fuse_otel.simulator.content import Content
from fuse_otel.simulator.fault import Fault
from fuse_otel.simulator.faults import Faults
from fuse_otel.simulator.journal import Asked, Journal
from fuse_otel.simulator.question import Question, Request, understand
from fuse_otel.simulator.xml_bytes import to_xml

BASE = "/api"
FAULTS_PATH = "/_simulator/faults"


class FuseApi:
    """Thread-safe. ``authorization`` is the one header value that is let in."""

    def __init__(
        self,
        content: Content,
        faults: Faults,
        journal: Journal,
        *,
        email: str,
        developer_key: str,
        compress: bool,
        clock: Callable[[], float],
    ) -> None:
        self._content = content
        self._faults = faults
        self._journal = journal
        self._compress = compress
        self._clock = clock
        secret = base64.b64encode(f"{email}:{developer_key}".encode())
        self._authorization = b"Basic " + secret

    def respond(self, request: Request) -> SimulatedResponse:
        if request.target.split("?")[0] == FAULTS_PATH:
            return self._control(request)
        now = self._clock()
        question = understand(request, BASE)
        latency, fault = self._faults.strike(question)
        answer = self._answer(request, question, now)
        if question.xml:
            answer = replace(answer, body=to_xml(answer.body), content_type="application/xml")
        if fault is not None:
            answer = spoilt(answer, fault, now)
        answer = replace(self._compressed(request, answer), latency=latency)
        self._journal.add(Asked(question, request.headers.get("user-agent", ""), answer.status))
        return answer

    def _answer(self, request: Request, question: Question, now: float) -> SimulatedResponse:
        if request.method != "GET":
            return failure(405, "Only GET is allowed.", Allow="GET")
        if not self._is_let_in(request):
            return failure(
                401, "Invalid email or developer key.", WWW_Authenticate='Basic realm="Fuse"'
            )
        if question.endpoint == "other":
            return failure(404, "Not found.")
        if question.endpoint == "call":
            return SimulatedResponse(*self._content.log(question.session_id, now))
        return SimulatedResponse(200, self._content.page(question, now))

    def _is_let_in(self, request: Request) -> bool:
        given = request.headers.get("authorization", "").encode("latin-1", "replace")
        return hmac.compare_digest(given, self._authorization)

    def _compressed(self, request: Request, answer: SimulatedResponse) -> SimulatedResponse:
        if not self._compress or "gzip" not in request.headers.get("accept-encoding", ""):
            return answer
        body = gzip.compress(answer.body, compresslevel=1, mtime=0)
        return replace(answer, body=body, headers={**answer.headers, "Content-Encoding": "gzip"})

    def _control(self, request: Request) -> SimulatedResponse:
        """GET tells the faults, POST replaces them, as a JSON array of objects."""
        if request.method not in {"GET", "POST"}:
            return failure(405, "Only GET and POST are allowed.", Allow="GET, POST")
        if request.method == "POST":
            try:
                self._faults.replace(_read_faults(request.body))
            except ValueError as error:
                return failure(400, str(error))
        told = [fault.as_json() for fault in self._faults.active()]
        return SimulatedResponse(200, json.dumps(told).encode())


def _read_faults(body: bytes) -> list[Fault]:
    document = json.loads(body)
    if not isinstance(document, list) or not all(isinstance(each, dict) for each in document):
        raise ValueError("the faults are a JSON array of objects")
    return [Fault.built(each) for each in document]
