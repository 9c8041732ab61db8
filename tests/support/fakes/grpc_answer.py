"""What the gRPC receiver of the tests shall answer, as values."""

from __future__ import annotations

from dataclasses import dataclass, replace

from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import DebugInfo, RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse


@dataclass(frozen=True)
class GrpcAnswer:
    """``code``: the name of the status. ``status``: what ``grpc-status-details-bin`` holds.

    ``keep``: whether the request's content counts as stored; unless told, ``OK`` keeps it.
    ``delay`` waits before the answer, in seconds.
    """

    code: str = "OK"
    details: str = ""
    body: bytes = b""
    status: bytes | None = None
    delay: float = 0.0
    keep: bool | None = None

    @property
    def keeps(self) -> bool:
        return self.code == "OK" if self.keep is None else self.keep

    def but(self, **changed: object) -> GrpcAnswer:
        return replace(self, **changed)  # type: ignore[arg-type]


def retry_in(code: str, details: str, seconds: int | None, nanos: int = 0) -> GrpcAnswer:
    """With a ``RetryInfo`` among the details; without ``seconds`` it names no time."""
    status = Status(code=8, message=details)
    status.details.add().Pack(DebugInfo(detail="overloaded"))
    delay = None if seconds is None else Duration(seconds=seconds, nanos=nanos)
    status.details.add().Pack(RetryInfo(retry_delay=delay))
    return GrpcAnswer(code, details, status=status.SerializeToString())


def spans_rejected(count: int, words: str) -> GrpcAnswer:
    response = ExportTraceServiceResponse()
    response.partial_success.rejected_spans = count
    response.partial_success.error_message = words
    return GrpcAnswer(body=response.SerializeToString())


def records_rejected(count: int, words: str) -> GrpcAnswer:
    response = ExportLogsServiceResponse()
    response.partial_success.rejected_log_records = count
    response.partial_success.error_message = words
    return GrpcAnswer(body=response.SerializeToString())


ACCEPTED = GrpcAnswer()
EMPTY_PARTIAL_SUCCESS = GrpcAnswer(body=b"\n\x00")  # Jaeger and Tempo
