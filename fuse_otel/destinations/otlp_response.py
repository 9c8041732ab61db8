"""What a back end answers to an export request, over HTTP or gRPC: OTLP's export
responses, ``google.rpc.Status``, its own JSON, a web page. Its words may quote what was sent.

https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
https://github.com/googleapis/googleapis/blob/master/google/rpc/status.proto

The texts in an answer are for people. They decide nothing, and no text raises an error.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from fuse_otel.core.batching.export_result import (
    Accepted,
    PartialSuccess,
    PermanentFailure,
    Retry,
)
from fuse_otel.core.redaction.masks import mask_personal
from fuse_otel.errors import code_location

# Bytes of a success, inflated. OTLP recommends this limit, and it is the default of gRPC.
LONGEST_SUCCESS = 4 * 1024 * 1024
TOO_LONG = "check the endpoint: the answer is larger than the limit of 4 MiB"
TAKES_SIGNAL = (
    "whether the back end takes this signal (Jaeger takes no logs: set OTEL_LOGS_EXPORTER=none)"
)
_PROTOBUF = frozenset({"application/x-protobuf", "application/protobuf"})
# A missing content type is no error: some servers omit it, some proxies remove it.
_UNTYPED = frozenset({"", "application/octet-stream"})
_JSON = "application/json"
_JSON_WORDS = ("message", "error", "detail", "error_description", "msg")
# Characters of a web page's title. In a longer one ``html.unescape`` may meet a number of thousands
# of digits, which Python refuses to read.
_TITLE = 300


class Foreign(ValueError):
    """The body of a success is not OTLP: something else answered."""


class RpcStatus(msgspec.Struct, frozen=True):
    """``after``: the seconds a ``RetryInfo`` among the details asks to wait, 0 to 3600."""

    message: str = ""
    after: float | None = None


class RejectedItems(msgspec.Struct, frozen=True):
    """``rejected`` counts spans or log records that the back end took but will not keep."""

    rejected: int = 0
    message: str = ""


def result_of_success(
    code: str, found: RejectedItems, items: int
) -> Accepted | PartialSuccess | PermanentFailure:
    """``items``: spans or log records that were sent."""
    if found.rejected <= 0:
        return Accepted(code)
    if found.rejected < items:
        return PartialSuccess(code, found.rejected, found.message)
    return PermanentFailure(code, found.message, one_record=about_one_record(found.message))


# Loki's refusals of single records: the others of the same request were stored.
_ONE_RECORD = ("entry too far behind", "timestamp too old")


def about_one_record(words: str) -> bool:
    return any(phrase in words for phrase in _ONE_RECORD)


def unexpected(error: Exception) -> Retry:
    """An unexpected exception: retried with back-off, and isolated by the shipper if it
    comes with one request alone. Its message is left out: it may quote the request.
    """
    return Retry("error", f"unexpected {type(error).__name__} at {code_location(error)}")


def sentence(status: str, words: str, hint: str = "") -> str:
    """The hint comes before the back end's message, which may be long."""
    ours = f"{status}; {hint}" if hint else status
    return f"{ours}: {words}" if words else ours


def rpc_status(data: bytes) -> RpcStatus | None:
    """``None`` if the bytes are no ``google.rpc.Status``."""
    from fuse_otel.destinations import otlp_protobuf  # noqa: PLC0415 - imports protobuf: 20 ms

    found = otlp_protobuf.status(data)
    return None if found is None else RpcStatus(*found)


def partial_success(content_type: str, body: bytes) -> RejectedItems:
    """What an ``Export…ServiceResponse`` says. No body means success.

    Raises ``Foreign``.
    """
    kind = _kind(content_type)
    if not body:
        return RejectedItems()
    try:
        if kind == _JSON:
            return _from_json(body)
        if kind in _PROTOBUF or kind in _UNTYPED:
            return _from_protobuf(body)
    except (ValueError, OverflowError, RecursionError) as error:
        raise Foreign("the body cannot be read") from error
    raise Foreign(f"content type {kind}")


def words(content_type: str, body: bytes) -> str:
    """The message in the body of an error, not sanitized yet; ``""`` if there is none."""
    kind = _kind(content_type)
    if kind in _PROTOBUF or kind in _UNTYPED:
        status = rpc_status(body)
        if status is not None:
            return status.message
    text = body.decode("utf-8", "replace").strip()
    if kind == "text/html" or text.startswith("<"):
        return _title(text)
    return _json_words(body) or text


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _from_protobuf(body: bytes) -> RejectedItems:
    from fuse_otel.destinations import otlp_protobuf  # noqa: PLC0415 - as above

    return RejectedItems(*otlp_protobuf.partial_success(body))


_Count = int | float | str | None
_NOTHING = msgspec.Raw(b"null")


class _PartialSuccess(msgspec.Struct, rename="camel"):
    """OTLP/JSON writes 64-bit integers as strings. Some servers write protobuf's own names."""

    rejected_spans: _Count = None
    rejected_log_records: _Count = None
    error_message: msgspec.Raw = _NOTHING
    snake_spans: _Count = msgspec.field(default=None, name="rejected_spans")
    snake_log_records: _Count = msgspec.field(default=None, name="rejected_log_records")
    snake_message: msgspec.Raw = msgspec.field(default=_NOTHING, name="error_message")

    @property
    def rejected(self) -> int:
        spans = (self.rejected_spans, self.snake_spans)
        records = (self.rejected_log_records, self.snake_log_records)
        return int(next((count for count in (*spans, *records) if count is not None), 0))

    @property
    def message(self) -> str:
        return _text(self.error_message) or _text(self.snake_message)


class _Response(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Typed, so that JSON of something else is given up at its first key and not built first."""

    partial_success: _PartialSuccess | None = None
    snake: _PartialSuccess | None = msgspec.field(default=None, name="partial_success")


def _text(value: msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(value, type=str)
    except msgspec.DecodeError:
        return ""


def _from_json(body: bytes) -> RejectedItems:
    response = msgspec.json.decode(body, type=_Response)
    found = response.partial_success or response.snake
    return RejectedItems(found.rejected, found.message) if found else RejectedItems()


def _title(page: str) -> str:
    """Found in one pass: a pattern would search for the end after each of a thousand beginnings."""
    lower = page.lower()
    begin = lower.find(">", lower.find("<title")) + 1 if "<title" in lower else 0
    end = lower.find("</title", begin) if begin else -1
    if end < 0 or len(lower) != len(page):  # some letters change their length
        return "a web page"
    return f"a web page “{html.unescape(page[begin:end].strip()[:_TITLE])}”"


def _json_words(body: bytes) -> str:
    try:
        answer = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return ""
    for _ in range(2):  # {"error": {"message": "…"}}
        if isinstance(answer, Mapping):
            answer = next(_present(answer), None)
    return answer if isinstance(answer, str) else ""


def _present(answer: Mapping[str, object]) -> Iterator[object]:
    return (answer[name] for name in _JSON_WORDS if name in answer)


_MAX = 300  # characters
_MOST_READ = 131_072  # characters: more would keep the processor busy for seconds
_MASK = "*"
_SECRET = 6  # characters: a shorter one would mask parts of ordinary words


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """One line of at most 300 characters. Control characters, the secrets, e-mail addresses and
    long numbers are removed.
    """
    if len(text) > _MOST_READ:
        text = text[:_MOST_READ].rpartition(" ")[0]  # a secret that is cut would not be recognised
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SECRET:
            text = text.replace(secret, _MASK)
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    text = mask_personal(" ".join(text.split()))
    return text if len(text) <= _MAX else text[: _MAX - 1] + "…"


def secrets_of(headers: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The values of our headers (name, value), which an answer may quote."""
    for _, value in headers:
        yield value
        yield value.rpartition(" ")[2]  # the token of "Bearer …"
