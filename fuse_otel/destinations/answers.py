"""What back ends write into their answers: OTLP's export responses, ``google.rpc.Status``, pages.

https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from fuse_otel.destinations.protobuf_fields import fields
from fuse_otel.destinations.rpc_status import rpc_status

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
class PartialSuccess:
    """``rejected`` counts spans or log records that the back end took but will not keep."""

    rejected: int = 0
    message: str = ""


def partial_success(content_type: str, body: bytes) -> PartialSuccess:
    """What an ``Export…ServiceResponse`` says. No body says that all is well.

    Raises ``Foreign``.
    """
    kind = _kind(content_type)
    if not body:
        return PartialSuccess()
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


def _from_protobuf(body: bytes) -> PartialSuccess:
    found = PartialSuccess()
    for number, value in fields(body):
        if number == 1:
            found = _partial(value)
    return found


def _partial(value: int | bytes) -> PartialSuccess:
    if isinstance(value, int):
        raise Foreign("field 1 is no message")
    rejected, message = 0, ""
    for number, inner in fields(value):
        if number == 1 and isinstance(inner, int):
            rejected = inner
        elif number == 2 and isinstance(inner, bytes):  # noqa: PLR2004 - field of the schema
            message = inner.decode("utf-8", "replace")
    return PartialSuccess(rejected, message)


def _from_json(body: bytes) -> PartialSuccess:
    answer = _decoded(body)
    if not isinstance(answer, dict) or not answer.keys() <= _PARTIAL_SUCCESS:
        raise Foreign("not the JSON of an export response")
    partial = _first(answer, tuple(_PARTIAL_SUCCESS)) or {}
    if not isinstance(partial, dict):
        raise Foreign("not the JSON of a partial success")
    rejected = _first(partial, _REJECTED)  # OTLP/JSON writes 64-bit integers as strings
    count = int(rejected) if isinstance(rejected, int | str) else 0
    return PartialSuccess(count, str(_first(partial, _ERROR_MESSAGE) or ""))


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
