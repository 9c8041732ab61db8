"""The responses of the simulator: their JSON and XML, and what a fault makes of them."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from random import Random
from xml.sax.saxutils import escape

from fuse_otel.simulator.faults import Fault, FaultKind


@dataclass(frozen=True, slots=True)
class SimulatedResponse:
    """``delivery`` is the fault with which the server sends it. ``latency`` and ``pace`` (the pause
    before each byte of a dribble) are in seconds. A header with an empty value is left out, also
    one that the server adds by itself.
    """

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: FaultKind | None = None
    latency: float = 0.0
    pace: float = 0.0


def dump_json(value: object) -> bytes:
    """JSON as PHP writes it: no blanks, ASCII only, ``/`` escaped."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("/", "\\/").encode("ascii")


def to_xml(body: bytes) -> bytes:
    """A JSON body as XML, as in the documentation's one example: a map becomes elements, the
    members of an array become ``item`` elements.
    """
    inner = "".join(_elements(json.loads(body)))
    return f'<?xml version="1.0"?>\n<result>{inner}</result>\n'.encode()


def _elements(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield f"<{name}>{''.join(_elements(member))}</{name}>"
    elif isinstance(value, list):
        for member in value:
            yield f"<item>{''.join(_elements(member))}</item>"
    elif isinstance(value, bool):
        yield str(value).lower()
    elif value is not None:
        yield escape(str(value))


def error_response(status: int, message: str, **headers: str) -> SimulatedResponse:
    """The API's error body. Header names are written with ``_`` for ``-``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return SimulatedResponse(status, dump_json({"error": message}), headers=named)


_DELIVERIES = frozenset(
    {
        FaultKind.DOWN, FaultKind.RESET, FaultKind.DRIBBLE, FaultKind.CUT, FaultKind.FLOOD,
        FaultKind.BAD_CHUNKS,
    }
)  # fmt: skip
# Each of these made some HTTP client or date parser raise an error that no caller expected.
_BAD_HEADERS = {
    "Date": "Mon, 99 Feb 9999999999 00:00:00 GMT",
    "Retry-After": "Mon, 01 Jan 9999999999 00:00:00 GMT",
    "X-RateLimit-Reset": "9" * 400,
    "X-RateLimit-Remaining": "none",
    "Set-Cookie": "a=b; Max-Age=soon",
}
_NESTED_LISTS = 100_000
_BOMB_BYTES = 64 << 20
_GARBLED_SHARE = 100  # one byte of so many is replaced


def apply_fault(response: SimulatedResponse, fault: Fault, now: float) -> SimulatedResponse:
    """The response that the client gets instead. ``now`` is UNIX seconds."""
    if fault.kind in _DELIVERIES:
        return replace(response, delivery=fault.kind, pace=fault.seconds)
    if fault.kind in _BODIES:
        return _BODIES[fault.kind](response)
    if fault.kind == FaultKind.THROTTLED:
        return _throttled(fault, now)
    if fault.kind == FaultKind.BAD_HEADERS:
        headers = {**response.headers, **_BAD_HEADERS}
        return SimulatedResponse(fault.status, response.body, "text/\xff; charset=?", headers)
    return error_response(fault.status, "database error")


def _throttled(fault: Fault, now: float) -> SimulatedResponse:
    headers = {}
    if fault.retry_after is not None:
        headers["Retry_After"] = f"{fault.retry_after:g}"
    if fault.reset_after is not None:
        headers["X_RateLimit_Limit"] = "60"
        headers["X_RateLimit_Remaining"] = "0"
        headers["X_RateLimit_Reset"] = str(int(now + fault.reset_after))
    return error_response(429, "Too many requests.", **headers)


@cache
def _bomb() -> bytes:
    return gzip.compress(b" " * _BOMB_BYTES, compresslevel=9, mtime=0)


def _garbled(body: bytes) -> bytes:
    """The same body is always garbled in the same places."""
    dice = Random(zlib.crc32(body))
    garbled = bytearray(body)
    for _ in range(1 + len(body) // _GARBLED_SHARE):
        if garbled:
            garbled[dice.randrange(len(garbled))] = dice.randrange(256)
    return bytes(garbled)


def _with_gzip(response: SimulatedResponse, body: bytes) -> SimulatedResponse:
    return replace(response, body=body, headers={**response.headers, "Content-Encoding": "gzip"})


_HTML = b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1><hr>proxy</body></html>\n"
_UNAUTHORIZED = error_response(
    401, "This account is inactive.", WWW_Authenticate='Basic realm="Fuse"'
)
_NESTED = b"[" * _NESTED_LISTS + b"]" * _NESTED_LISTS
_BODIES: Mapping[FaultKind, Callable[[SimulatedResponse], SimulatedResponse]] = {
    FaultKind.UNAUTHORIZED: lambda _: _UNAUTHORIZED,
    FaultKind.HTML: lambda _: SimulatedResponse(200, _HTML, "text/html; charset=utf-8"),
    FaultKind.EMPTY: lambda _: SimulatedResponse(200, b""),
    FaultKind.REDIRECT: lambda _: SimulatedResponse(302, b"", headers={"Location": "/login"}),
    FaultKind.XML: lambda response: response,  # the endpoint has written it already
    FaultKind.BAD_ENCODING: lambda response: _with_gzip(response, response.body),
    FaultKind.BOMB: lambda response: _with_gzip(response, _bomb()),
    FaultKind.NESTED: lambda response: replace(response, body=_NESTED),
    FaultKind.GARBLED: lambda response: replace(response, body=_garbled(response.body)),
}
