"""What OTLP's export responses and refusals come to, whatever carried them.

The few bytes of protobuf that back ends answer with, field by field.

``google.rpc.Status``: how back ends of OTLP put a refusal, over HTTP and over gRPC.

https://github.com/googleapis/googleapis/blob/master/google/rpc/status.proto

What back ends write into their answers: OTLP's export responses, ``google.rpc.Status``, pages.

https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from fuse_otel.core.batching.export_result import Accepted, PartialSuccess, PermanentFailure
from fuse_otel.core.encoding.relabel import raw_fields

_SIGN = 1 << 63


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field number and content (a varint as a signed 64-bit integer) in the order of the bytes.

    Raises ``ValueError`` where the data stops being protobuf.
    """
    for number, _, content in raw_fields(memoryview(data)):
        if number == 0:
            raise ValueError("field number 0")
        if isinstance(content, int):
            yield number, content - ((content & _SIGN) << 1)
        else:
            yield number, bytes(content)


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


_PROTOBUF = frozenset({"application/x-protobuf", "application/protobuf"})
# What a server says that does not care, or whose proxy lost the word.
_UNTOLD = frozenset({"", "application/octet-stream"})
_JSON = "application/json"

_PARTIAL_SUCCESS = frozenset({"partialSuccess", "partial_success"})
_REJECTED = ("rejectedSpans", "rejected_spans", "rejectedLogRecords", "rejected_log_records")
_ERROR_MESSAGE = ("errorMessage", "error_message")
_JSON_WORDS = ("message", "error", "detail", "error_description", "msg")

_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)


class Foreign(ValueError):
    """The body of a success is not OTLP: something else answered."""


@dataclass(frozen=True, slots=True)
class RejectedItems:
    """``rejected`` counts spans or log records that the back end took but will not keep."""

    rejected: int = 0
    message: str = ""


def partial_success(content_type: str, body: bytes) -> RejectedItems:
    """What an ``Export…ServiceResponse`` says. No body says that all is well.

    Raises ``Foreign``.
    """
    kind = _kind(content_type)
    if not body:
        return RejectedItems()
    try:
        if kind == _JSON:
            return _from_json(body)
        if kind in _PROTOBUF or kind in _UNTOLD:
            return _from_protobuf(body)
    except ValueError as error:
        raise Foreign(str(error)) from error
    raise Foreign(f"content type {kind}")


def words(content_type: str, body: bytes) -> str:
    """What the body of an error says, not yet fit to be shown; ``""`` if it says nothing."""
    kind = _kind(content_type)
    text = body.decode("utf-8", "replace")
    if kind in _PROTOBUF or kind in _UNTOLD:
        told = rpc_status(body)
        if told is not None:
            return told.message
    if kind == "text/html" or text.lstrip()[:1] == "<":
        return _title(text)
    return _json_words(body) or text.strip()


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _from_protobuf(body: bytes) -> RejectedItems:
    found = RejectedItems()
    for number, value in fields(body):
        if number == 1:
            found = _partial(value)
    return found


def _partial(value: int | bytes) -> RejectedItems:
    if isinstance(value, int):
        raise Foreign("field 1 is no message")
    rejected, message = 0, ""
    for number, inner in fields(value):
        if number == 1 and isinstance(inner, int):
            rejected = inner
        elif number == 2 and isinstance(inner, bytes):  # noqa: PLR2004 - field of the schema
            message = inner.decode("utf-8", "replace")
    return RejectedItems(rejected, message)


def _from_json(body: bytes) -> RejectedItems:
    answer = _decoded(body)
    if not isinstance(answer, dict) or not answer.keys() <= _PARTIAL_SUCCESS:
        raise Foreign("not the JSON of an export response")
    partial = _first(answer, tuple(_PARTIAL_SUCCESS)) or {}
    if not isinstance(partial, dict):
        raise Foreign("not the JSON of a partial success")
    rejected = _first(partial, _REJECTED)  # OTLP/JSON writes 64-bit integers as strings
    count = int(rejected) if isinstance(rejected, int | str) else 0
    return RejectedItems(count, str(_first(partial, _ERROR_MESSAGE) or ""))


def _title(page: str) -> str:
    found = _TITLE.search(page)
    return f"a web page “{html.unescape(found[1]).strip()}”" if found else "a web page"


def _json_words(body: bytes) -> str:
    try:
        answer = _decoded(body)
    except Foreign:
        return ""
    for _ in range(2):  # {"error": {"message": "…"}}
        if isinstance(answer, Mapping):
            answer = _first(answer, _JSON_WORDS)
    return answer if isinstance(answer, str) else ""


def _decoded(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise Foreign("no JSON") from error


def _first(answer: Mapping[str, object], names: tuple[str, ...]) -> object:
    return next((answer[name] for name in names if name in answer), None)


# Loki's refusals of single records: the others of the same request were stored.
_ONE_RECORD = ("entry too far behind", "timestamp too old")


def outcome_of_success(
    code: str, told: RejectedItems, items: int
) -> Accepted | PartialSuccess | PermanentFailure:
    """``items``: spans or log records that were sent."""
    if told.rejected <= 0:
        return Accepted(code)
    if told.rejected < items:
        return PartialSuccess(code, told.rejected, told.message)
    return PermanentFailure(code, told.message, one_record=about_one_record(told.message))


def about_one_record(told: str) -> bool:
    return any(words in told for words in _ONE_RECORD)
