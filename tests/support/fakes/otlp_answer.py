"""What the OTLP receiver of the tests shall answer, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

PROTOBUF = "application/x-protobuf"


@dataclass(frozen=True)
class Answer:
    """``keep``: whether the request's content counts as stored; unless told, a 2xx keeps it.

    ``delay`` waits before the answer, ``dribble`` between each two bytes of its body, in seconds.
    ``cut`` ends the connection after so many bytes of the body, ``hang_up`` before any answer.
    ``raw`` replaces the whole answer, status line included.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    dribble: float = 0.0
    cut: int | None = None
    hang_up: bool = False
    raw: bytes | None = None
    keep: bool | None = None

    @property
    def keeps(self) -> bool:
        return 200 <= self.status < 300 if self.keep is None else self.keep

    def but(self, **changed: object) -> Answer:
        return replace(self, **changed)  # type: ignore[arg-type]


def text(status: int, words: str = "", kind: str = "text/plain", **headers: str) -> Answer:
    """``headers``: underscores stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"Content-Type": kind, **named}, words.encode())


def status(code: int, words: str, **headers: str) -> Answer:
    """A refusal as OTLP wants it: a ``google.rpc.Status``."""
    body = Status(code=code, message=words).SerializeToString()
    return text(code, "", PROTOBUF, **headers).but(body=body)


def spans_rejected(count: int, words: str) -> Answer:
    response = ExportTraceServiceResponse()
    response.partial_success.rejected_spans = count
    response.partial_success.error_message = words
    return text(200, "", PROTOBUF).but(body=response.SerializeToString())


def records_rejected(count: int, words: str) -> Answer:
    response = ExportLogsServiceResponse()
    response.partial_success.rejected_log_records = count
    response.partial_success.error_message = words
    return text(200, "", PROTOBUF).but(body=response.SerializeToString())


ACCEPTED = text(200, "", PROTOBUF)
EMPTY_PARTIAL_SUCCESS = ACCEPTED.but(body=b"\n\x00")  # Jaeger and Tempo
NO_CONTENT = Answer(204)  # Loki
HTML = text(200, "<!doctype html><html><title>Sign in</title></html>", "text/html; charset=utf-8")
HANG_UP = Answer(hang_up=True, keep=False)
