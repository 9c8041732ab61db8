"""``google.rpc.Status``: how back ends of OTLP put a refusal, over HTTP and over gRPC.

https://github.com/googleapis/googleapis/blob/master/google/rpc/status.proto
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fuse_otel.destinations.protobuf_fields import fields

_LONGEST = 3600.0  # seconds
_MESSAGE, _DETAILS = 2, 3
_TYPE_URL, _VALUE = 1, 2
_RETRY_INFO = b"/google.rpc.RetryInfo"
_NANO = 10**9


@dataclass(frozen=True, slots=True)
class RpcStatus:
    """``after``: the seconds a ``RetryInfo`` among the details asks to wait, 0 to 3600."""

    message: str = ""
    after: float | None = None


def rpc_status(data: bytes) -> RpcStatus | None:
    """``None`` if the bytes are none."""
    message, after = "", None
    try:
        for number, value in fields(data):
            if number == _MESSAGE and isinstance(value, bytes):
                message = value.decode("utf-8")
            elif number == _DETAILS and isinstance(value, bytes):
                delay = _retry_delay(value)
                after = after if delay is None else delay
    except ValueError:
        return None
    return RpcStatus(message, after)


def _retry_delay(detail: bytes) -> float | None:
    """Of a ``google.protobuf.Any`` that holds one and can be read. An empty one is "at once"."""
    try:
        content = dict(fields(detail))
        kind, packed = content.get(_TYPE_URL), content.get(_VALUE, b"")
        if not (isinstance(kind, bytes) and isinstance(packed, bytes)):
            return None
        if not kind.endswith(_RETRY_INFO):
            return None
        return _seconds([value for number, value in fields(packed) if number == 1])
    except ValueError:
        return None


def _seconds(durations: Sequence[int | bytes]) -> float:
    seconds, nanos = _numbers(durations[-1]) if durations else (0, 0)
    return min(max(seconds + nanos / _NANO, 0.0), _LONGEST)


def _numbers(duration: int | bytes) -> Iterator[int]:
    """Seconds and nanoseconds of a ``google.protobuf.Duration``."""
    content = dict(fields(duration)) if isinstance(duration, bytes) else {}
    for number in (1, 2):
        value = content.get(number, 0)
        yield value if isinstance(value, int) else 0
