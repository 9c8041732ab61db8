"""Waiting times and bounded bodies, without a socket."""

import gzip
import tracemalloc
import zlib
from collections.abc import Iterator

import httpx
import pytest

from fuse_otel.net import BodyTooLarge, http_date, read_limited, retry_after

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "30"}, 30),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"Retry-After": "-5"}, 0),
        ({"Retry-After": "80000"}, 3600),
        ({"Retry-After": "999999999"}, None),
        ({"Retry-After": "Tue, 14 Nov 2124 22:13:20 GMT"}, None),
        ({"Retry-After": "Tue, 14 Nov 9999999999 22:13:20 GMT"}, None),
        ({"X-RateLimit-Reset": "9" * 400}, None),
        ({"Retry-After": "Tue, 14 Nov 2023 22:14:20 GMT"}, 60),
        ({"Retry-After": "Tue, 14 Nov 2023 22:14:20 -0000"}, 60),
        ({"Retry-After": "Tue, 14 Nov 2023 22:00:00 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": ""}, None),
        ({"X-RateLimit-Reset": "1700000007"}, 7),
        ({"X-RateLimit-Reset": "1700000007", "X-RateLimit-Remaining": "0"}, 7),
        ({"X-RateLimit-Reset": "1700000007", "X-RateLimit-Remaining": "3"}, None),
        ({"X-RateLimit-Reset": "1600000000"}, 0),
        ({"X-RateLimit-Reset": "inf"}, None),
        ({"Retry-After": "2", "X-RateLimit-Reset": "1700000007"}, 2),
        ({"Retry-After": "soon", "X-RateLimit-Reset": "1700000007"}, 7),
    ],
)
def test_the_wait_a_server_asks_for_is_read_and_bounded(headers, seconds):
    assert retry_after(httpx.Headers(headers), NOW) == seconds


@pytest.mark.parametrize("text", [None, "", "yesterday", "Tue, 99 Nov 2023 22:14:20 GMT"])
def test_what_is_no_date_is_none(text):
    assert http_date(text) is None


def _response(chunks: list[bytes], encoding: str | None = None) -> httpx.Response:
    headers = {} if encoding is None else {"Content-Encoding": encoding}

    def stream() -> Iterator[bytes]:
        yield from chunks

    return httpx.Response(200, headers=headers, content=stream())


@pytest.mark.parametrize("size", [0, 1, 99, 100])
@pytest.mark.parametrize("encoding", [None, "identity", "gzip", "x-gzip", " GZIP "])
def test_a_body_up_to_the_limit_is_read_whole(size, encoding):
    body = bytes(range(100))[:size]
    sent = gzip.compress(body) if encoding and "zip" in encoding.lower() else body
    assert read_limited(_response([sent], encoding), 100) == body


@pytest.mark.parametrize("encoding", [None, "gzip"])
def test_a_body_past_the_limit_is_refused_and_closed(encoding):
    body = b"x" * 101
    response = _response([gzip.compress(body) if encoding else body, b"never read"], encoding)
    with pytest.raises(BodyTooLarge):
        read_limited(response, 100)
    assert response.is_closed


def test_a_gzip_body_may_come_in_any_pieces():
    body = b"".join(b"%d " % n for n in range(5000))
    packed = gzip.compress(body)
    pieces = [packed[i : i + 7] for i in range(0, len(packed), 7)]
    assert read_limited(_response(pieces, "gzip"), len(body)) == body


def test_gzip_members_that_follow_each_other_are_one_body():
    packed = gzip.compress(b"one ", mtime=0) + gzip.compress(b"two", mtime=0)
    for cut in range(len(packed)):
        response = _response([packed[:cut], packed[cut:]], "gzip")
        assert read_limited(response, 100) == b"one two"


def test_padding_after_gzip_is_ignored():
    assert (
        read_limited(_response([gzip.compress(b"one", mtime=0) + b"\0\0\0"], "gzip"), 100) == b"one"
    )


def test_a_gzip_bomb_is_not_inflated_past_the_limit():
    bomb = gzip.compress(bytes(100_000_000))
    response = _response([bomb], "gzip")
    tracemalloc.start()
    try:
        with pytest.raises(BodyTooLarge):
            read_limited(response, 1_000_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000


@pytest.mark.parametrize(
    ("sent", "encoding"),
    [
        (gzip.compress(b"cut off", mtime=0)[:-3], "gzip"),
        (b"<html>not gzip</html>", "gzip"),
        (gzip.compress(b"one", mtime=0) + gzip.compress(b"two", mtime=0)[:-1], "gzip"),
        (zlib.compress(b"deflate"), "deflate"),
        (b"brotli", "br"),
    ],
)
def test_a_body_that_cannot_be_inflated_is_an_error_and_closed(sent, encoding):
    response = _response([sent], encoding)
    with pytest.raises(httpx.DecodingError):
        read_limited(response, 100)
    assert response.is_closed
