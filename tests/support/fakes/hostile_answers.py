"""What a hostile back end answers to an export request, drawn at random: status lines, headers,
bodies, encodings, chunking, gRPC statuses and trailers.

An answer with a 2xx status counts as kept, whatever follows: the daemon may take it for a success.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Sequence
from random import Random

from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from support.fakes.grpc_answer import GrpcAnswer
from support.fakes.otlp_answer import Answer

_CODES = (
    *(200, 200, 200, 202, 204, 206, 299, 300, 301, 302, 304, 307, 399, 400, 400, 401, 403, 404),
    *(405, 407, 408, 409, 413, 413, 415, 418, 421, 422, 425, 429, 429, 431, 451, 499, 500, 500),
    *(501, 502, 503, 503, 504, 507, 511, 520, 599, 600, 999),
)
_TYPES = (
    *("application/x-protobuf", "application/x-protobuf", "application/json", "text/html"),
    *("text/plain", "", "application/octet-stream", "APPLICATION/JSON; charset=utf-16"),
    *("application/json;" * 500, "\x01\x02", "multipart/form-data; boundary=", "é/ü", ";;;"),
)
_LONG_WAITS = ("Fri, 31 Dec 9999 23:59:59 GMT", "9" * 400, "1" * 50_000, "1_0")
_WAITS = (
    *("Mon, 01 Jan 9999999999 00:00:00 GMT", "0", "-1", "1e999", "nan", "0.05", "١٢٣", "", "soon"),
    *("Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 99 Foo 2026 99:99:99 +9999", "0x10"),
    "Sun, 06 Nov 1994 08:49:37",
)
_PLACES = (
    "http://[",
    "//",
    "http://user:secret@example.com:99999/x",
    "\x7f",
    "a" * 9_000,
    "http://é",
)
_ENCODINGS = ("gzip", "gzip", "br", "deflate", "zstd", "gzip, gzip", "identity", "x-gzip", "\x00")
_GRPC_CODES = (
    *("OK", "OK", "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED"),
    *("NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "ABORTED"),
    *("FAILED_PRECONDITION", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE"),
    *("DATA_LOSS", "UNAUTHENTICATED"),
)


def hostile_http(
    random: Random, *, long_waits: bool = True, bodies: Sequence[DrawBody] | None = None
) -> Answer:
    """The whole answer as bytes, cut anywhere now and then. ``long_waits``: it may ask to wait for
    ten seconds or more. ``bodies`` are drawn from instead of those of back ends.
    """
    if random.random() < 0.05:
        raw = random.choice(_NO_HTTP)
        return Answer(raw=raw, keep=b" 200" in raw)
    code = random.choice(_CODES)
    content_type, body = random.choice(bodies or _BODIES)(random)
    fields = [("Content-Type", random.choice((content_type, random.choice(_TYPES))))]
    fields += _hostile_fields(random, (*_WAITS, *_LONG_WAITS) if long_waits else _WAITS)
    body = _encoded(random, fields, body)
    data = _status_line(random, code) + _framed(random, fields, body)
    if random.random() < 0.15:
        data = data[: random.randrange(len(data) + 1)]
    return Answer(raw=data, keep=200 <= code < 300)


def hostile_grpc(random: Random, *, long_waits: bool = True) -> GrpcAnswer:
    """``Status`` details and words may be of any kind, and contradict the code."""
    code = random.choice(_GRPC_CODES)
    _, body = random.choice(_BODIES)(random)
    words = random.choice(("", "no", "x" * 3_000, "received message larger than max", "é\n\x01"))
    status = random.choice(
        (None, None, _status(random, long_waits=long_waits), random.randbytes(40), b"\xff" * 2_000)
    )
    ok = code == "OK"
    return GrpcAnswer(code, words, body if ok else b"", status, keep=ok)


# --- the lines of an answer ---

_NO_HTTP = (
    *(b"", b"\x00", b"\r\n\r\n", b"HTTP", b"HTTP/1.1", b"SSH-2.0-OpenSSH_9.2\r\n", b"220 smtp\r\n"),
    *(b"HTTP/1.1 200\r\n\r\n", b"HTTP/0.9 200 OK\r\n\r\n", b"HTTP/2 200\r\n\r\n", b"+OK\r\n"),
    *(
        b"HTTP/1.1 -1 OK\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"\xff" * 70_000,
    ),
    *(b"HTTP/1.1 100 Continue\r\n\r\n" * 50, b"HTTP/1.1 101 Switching Protocols\r\n\r\n"),
    *(b"\x15\x03\x01\x00\x02\x02\x46", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", b"x" * 200_000),
)


def _status_line(random: Random, code: int) -> bytes:
    version = random.choice((b"HTTP/1.1",) * 8 + (b"HTTP/1.0", b"HTTP/1.9"))
    phrase = random.choice((b"OK",) * 8 + (b"", b"x" * 20_000, b"\xff\xfe", b"a\tb"))
    return b"%s %d %s\r\n" % (version, code, phrase)


def _hostile_fields(random: Random, waits: Sequence[str]) -> list[tuple[str, str]]:
    """A few of what servers send, and what they should not."""
    drawn: list[tuple[str, str]] = []
    if random.random() < 0.4:
        drawn.append(("Retry-After", random.choice(waits)))
    if random.random() < 0.2:
        drawn.append(("X-RateLimit-Reset", random.choice(waits)))
        drawn.append(("X-RateLimit-Remaining", random.choice(("0", "-1", "nan", "x"))))
    if random.random() < 0.2:
        drawn.append(("Location", random.choice(_PLACES)))
    if random.random() < 0.2:
        drawn.append(("Date", random.choice(waits)))
    if random.random() < 0.1:
        drawn += [("Set-Cookie", f"a{n}=b; Expires={random.choice(waits)}") for n in range(90)]
    if random.random() < 0.05:
        drawn.append(("X-Long", "y" * random.choice((10_000, 90_000, 200_000))))
    if random.random() < 0.1:
        drawn.append(
            random.choice((("Bad Name", "x"), ("", "x"), ("X\x00", "y"), ("Folded", "a\r\n b")))
        )
    return drawn


def _encoded(random: Random, fields: list[tuple[str, str]], body: bytes) -> bytes:
    if random.random() > 0.3:
        return body
    fields.append(("Content-Encoding", random.choice(_ENCODINGS)))
    packed = gzip.compress(body, mtime=0)
    return random.choice(
        (
            packed,
            packed,
            packed[:-5],
            packed + packed,
            packed + b"x",
            zlib.compress(body),
            body,
            _BOMB,
        )
    )


_BOMB = gzip.compress(bytes(30_000_000), mtime=0)


def _framed(random: Random, fields: list[tuple[str, str]], body: bytes) -> bytes:
    """Headers and body. The length is right most of the time."""
    way = random.random()
    if way < 0.6:
        fields.append(("Content-Length", str(len(body))))
    elif way < 0.8:
        fields.append(("Transfer-Encoding", "chunked"))
        body = _chunked(random, body)
    elif way < 0.9:
        lengths = (
            "-1",
            "abc",
            "9" * 30,
            str(len(body) + 7),
            str(max(len(body) - 3, 0)),
            "1, 2",
            "",
        )
        fields.append(("Content-Length", random.choice(lengths)))
    if random.random() < 0.05:
        fields.append(("Content-Length", str(len(body) + 1)))
    random.shuffle(fields)
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return lines.encode("utf-8", "surrogateescape") + b"\r\n" + body


def _chunked(random: Random, body: bytes) -> bytes:
    size = random.choice((1, 7, 1000, 100_000))
    pieces = [body[place : place + size] for place in range(0, min(len(body), 3_000 * size), size)]
    whole = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    ends = (b"0\r\n\r\n",) * 6
    bad = (
        b"",
        b"0\r\nTrailer: x\r\n\r\n",
        b"zz\r\n",
        b"f" * 20 + b"\r\n",
        b"-1\r\n",
        b"5;" + b"x" * 99_999,
    )
    return whole + random.choice(ends + bad)


# --- bodies ---

Body = tuple[str, bytes]
"""Content type, and bytes that are of it or pretend to be."""
DrawBody = Callable[[Random], Body]


def _success(_random: Random) -> Body:
    return "application/x-protobuf", b""


def _partial(random: Random) -> Body:
    response = ExportTraceServiceResponse()
    response.partial_success.rejected_spans = random.choice((0, 1, -1, 10**6, 2**63 - 1, -(2**63)))
    response.partial_success.error_message = random.choice(
        ("", "no", "entry too far behind", "x" * 100_000, "<title>" * 9, "\u202e\x00", "8005550100")
    )
    data = response.SerializeToString()
    return "application/x-protobuf", random.choice((data, data, data[:-1], data + b"\x1a\x01\xff"))


def _broken_text(random: Random) -> Body:
    inner = b"\x08" + bytes([random.randrange(128)]) + b"\x12\x02\xc3\x28"
    return "application/x-protobuf", b"\x0a" + bytes([len(inner)]) + inner


def _json(random: Random) -> Body:
    value: object = random.choice(
        (
            {},
            {
                "partialSuccess": {
                    "rejectedSpans": random.choice(("1", 1, 1.5, "x", None, [], "9" * 5_000))
                }
            },
            {"partial_success": {"error_message": random.choice((1, [], {"a": "b"}, "no"))}},
            {"error": {"message": random.choice(("no", 5, ["x"], "y" * 90_000))}},
            {"message": "unknown tenant", "code": 3},
            [{}] * 1_000,
            "text",
            None,
        )
    )
    return "application/json", json.dumps(value).encode()


def _odd_json(random: Random) -> Body:
    odd = (
        *(
            b"[" * 60_000,
            b'{"partialSuccess":' * 30_000,
            b'{"a":1e999999}',
            b'{"partialSuccess":{"',
        ),
        *(b'{"partialSuccess":{"rejectedSpans":1e400}}', b"\xff\xfe{}", b'{"a":"\\ud800"}', b"NaN"),
        *(
            b'{"message":"' + b"\xe2\x82" + b'"}',
            b"{" + b" " * 3_000_000 + b"}",
            b'{"error":{}}' * 9,
        ),
    )
    return "application/json", random.choice(odd)


def _status(random: Random, *, long_waits: bool = True) -> bytes:
    made = Status(
        code=random.choice((0, 3, 8, 14, -1)), message=random.choice(("no", "", "z" * 9_000))
    )
    for _ in range(random.randrange(3)):
        wait = Duration(
            seconds=random.choice((0, -1, -(2**63), *([2**62] if long_waits else ()))),
            nanos=random.choice((0, 10**8, -1)),
        )
        made.details.add().Pack(RetryInfo(retry_delay=wait))
    if random.random() < 0.3:
        made.details.add(type_url="type.googleapis.com/google.rpc.RetryInfo", value=b"\x0a\xff")
    return bytes(made.SerializeToString())


def _rpc_status(random: Random) -> Body:
    return "application/x-protobuf", _status(random)


def _page(random: Random) -> Body:
    pages = (
        *(
            "<html><title>Sign in</title>",
            "<title" * 9_000,
            "<title>&#" + "9" * 5_000 + ";</title>",
        ),
        *(
            "<TITLE>" * 20_000,
            "<!-- " * 9_000,
            "<title>a\x00b\u202e</title>",
            "<title>" + "é" * 70_000,
        ),
        *("Client sent an HTTP request to an HTTPS server.", "http: request body too large"),
    )
    return "text/html", random.choice(pages).encode()


def _noise(random: Random) -> Body:
    return "application/x-protobuf", random.randbytes(random.choice((1, 3, 20, 5_000, 500_000)))


def _long(random: Random) -> Body:
    """Around the limits: of an error's words, of a success."""
    size = random.choice((65_535, 65_537, 4_194_304, 4_194_305, 9_000_000))
    return "text/plain", random.choice((b"a", b"\x12\x00", b"1 ")) * (size // 2)


_BODIES: tuple[Callable[[Random], Body], ...] = (
    _success, _success, _partial, _partial, _broken_text, _json, _odd_json, _rpc_status, _page,
    _noise, _long,
)  # fmt: skip
