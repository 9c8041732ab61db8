"""What a back end answers in protobuf: OTLP's export responses and ``google.rpc.Status``.

Protobuf is imported with the first such answer: a start does not wait for it.
"""

from __future__ import annotations

from google.protobuf.wrappers_pb2 import BytesValue, Int64Value
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from fuse_otel import net
from fuse_otel.core.encoding.otlp_json import parse


def status(data: bytes) -> tuple[str, float | None] | None:
    """The message, and the seconds that a ``RetryInfo`` asks to wait. ``None`` if the bytes are no
    ``google.rpc.Status``.
    """
    try:
        found = parse(Status(), data)
    except ValueError:
        return None
    after = None
    for detail in found.details:
        if detail.Is(RetryInfo.DESCRIPTOR):
            delay = _retry_delay(detail.value)
            after = after if delay is None else delay
    return found.message, after


def _retry_delay(retry_info: bytes) -> float | None:
    """An empty one is "at once"; ``None`` for one that cannot be read or meant."""
    try:
        delay = parse(RetryInfo(), retry_info).retry_delay
    except ValueError:
        return None
    return net.believable_wait(delay.seconds + delay.nanos / 10**9)


def partial_success(body: bytes) -> tuple[int, str]:
    """How many spans or log records are rejected, and the message. The responses of both signals
    have the same field numbers. Raises ``ValueError`` for other bytes.
    """
    try:
        response = parse(ExportTraceServiceResponse(), body)
    except ValueError:
        return _count_without_text(body), ""
    if parse(Int64Value(), body).value:
        raise ValueError("field 1 is a number")
    found = response.partial_success
    return found.rejected_spans, found.error_message


def _count_without_text(body: bytes) -> int:
    """Some servers cut their message inside a character. Protobuf refuses such text, and with it
    the count, which is what matters: read field 1 by messages that have it and no text.
    """
    partial = parse(BytesValue(), body).value
    if not partial:
        raise ValueError("no partial success")
    count: int = parse(Int64Value(), partial).value
    return count
