"""The source against real sockets: what goes wrong, as errors named by what can be done."""

import gzip
import json
import time

import pytest
from support.fakes.raw_http import RawServer, Respond, always, answer
from support.rigs.source_rig import (
    CALLS,
    EMAIL,
    ENTRIES,
    GENEROUS,
    KEY,
    NOW,
    SESSION,
    SourceRig,
    failing,
    source_rig,
)

from fuse_otel.errors import (
    ConfigurationError,
    Malformed,
    ServerFailed,
    Throttled,
    TimedOut,
    TooLarge,
    Unauthorized,
    Unexpected,
    Unreachable,
)
from fuse_otel.events import ApiAnswered, ApiFailed, Event
from fuse_otel.source import ApiOptions, FuseApi

pytestmark = pytest.mark.usefixtures("no_proxy")

HTML = b"<html><body>502 Bad Gateway</body></html>"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("401 Unauthorized", Unauthorized),
        ("429 Too Many Requests", Throttled),
        ("500 Internal Server Error", ServerFailed),
        ("503 Service Unavailable", ServerFailed),
        ("599 Odd", ServerFailed),
        ("400 Bad Request", Unexpected),
        ("403 Forbidden", Unexpected),
        ("405 Method Not Allowed", Unexpected),
        ("302 Found", Unexpected),
    ],
)
@pytest.mark.parametrize("ask", [SourceRig.calls, SourceRig.logs, SourceRig.call])
def test_a_status_is_an_error(ask, status, kind):
    error = failing(always(answer(HTML, status, {"Retry-After": "7"})), ask)
    assert type(error) is kind
    assert error.retry_after == 7
    assert status[:3] in str(error)


def test_a_list_that_is_not_found_is_no_empty_list():
    assert type(failing(always(answer(b"", "404 Not Found")))) is Unexpected


def test_the_reset_of_a_rate_limit_is_waited_for():
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW) + 12)}
    assert failing(always(answer(b"", "429 Slow", headers))).retry_after == 12


def _reason(words: object) -> str:
    body = json.dumps({"error": words}).encode()
    return str(failing(always(answer(body, "401 Unauthorized"))))


def test_the_apis_own_reason_is_passed_on():
    assert 'says: "Your account is inactive."' in _reason("Your account \n is inactive.")


@pytest.mark.parametrize(
    "words",
    [
        "No log for 300060;001;1529552581",
        f"{KEY} is no key",
        f"{EMAIL} is unknown",
        "x" * 201,
        "bell \x07",
        "",
        None,
        {"a": 1},
    ],
)
def test_a_reason_that_may_hold_something_private_is_not(words):
    assert "says" not in _reason(words)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (HTML, "web page"),
        (CALLS[:-9], "cut off"),
        (b"[]", "another shape"),
        (b'{"error": "database error"}', 'says: "database error"'),
    ],
)
def test_a_success_with_something_else_is_malformed(body, reason):
    error = failing(always(answer(body)))
    assert type(error) is Malformed
    assert reason in str(error)


@pytest.mark.parametrize("body", [b"", HTML, ENTRIES[:-1], b'{"error": "database error"}'])
def test_details_of_something_else_are_malformed(body):
    assert type(failing(always(answer(body)), SourceRig.call)) is Malformed


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_a_body_that_cannot_be_inflated_is_malformed(encoding):
    sent = answer(gzip.compress(CALLS)[:-4], headers={"Content-Encoding": encoding})
    assert type(failing(always(sent))) is Malformed


@pytest.mark.parametrize("compressed", [False, True])
def test_an_answer_past_the_bound_is_too_large(compressed):
    body = b'{"calls": [' + b" " * 2_000_000 + b"]}"
    sent = answer(body)
    if compressed:
        sent = answer(gzip.compress(body), headers={"Content-Encoding": "gzip"})
    said = pytest.raises(TooLarge, match=r"longer than 1\.0 MiB$")
    with source_rig(always(sent), max_bytes=1 << 20) as rig, said:
        rig.logs()
    assert [event.code for event in rig.of(ApiAnswered)] == [200]


def test_a_long_page_of_an_error_does_not_hide_the_status():
    assert type(failing(always(answer(b"x" * 100_000, "500 Oops")))) is ServerFailed


def test_a_cut_page_of_an_error_does_not_hide_the_status():
    def respond(peer, _head):
        peer.send(answer(b"cut", "500 Oops", {"Content-Length": "100"}))
        peer.close()

    assert type(failing(respond)) is ServerFailed


def _dribbles(peer, _head):
    peer.send(answer(b"", headers={"Content-Length": "1000"}))
    peer.dribble(b" " * 1000)


@pytest.mark.parametrize(
    "respond",
    [_dribbles, lambda peer, _: peer.hold(), lambda peer, _: peer.dribble(answer(b" " * 1000))],
    ids=["body", "silence", "headers"],
)
def test_a_server_that_never_finishes_is_given_up_at_the_deadline(respond):
    began = time.monotonic()
    error = failing(respond, deadline=0.3)
    assert type(error) is TimedOut
    assert "0.3 s" in str(error)
    assert time.monotonic() - began < GENEROUS


def _closes_after(*pieces: bytes) -> Respond:
    def respond(peer, _head):
        peer.send(b"".join(pieces))
        peer.close()

    return respond


def _resets(peer, _head):
    peer.send(answer(b"", headers={"Content-Length": "1000"}))
    peer.reset()


@pytest.mark.parametrize(
    "respond",
    [
        _closes_after(),
        _closes_after(answer(CALLS[:20], headers={"Content-Length": str(len(CALLS))})),
        _closes_after(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n", CALLS[:5]),
        _closes_after(b"SSH-2.0-OpenSSH_9.2 6175551234\r\n"),
        lambda peer, _: peer.reset(),
        _resets,
    ],
    ids=["nothing", "cut", "cut chunk", "no http", "reset", "reset body"],
)
def test_a_connection_that_breaks_is_unreachable(respond):
    assert type(failing(respond)) is Unreachable


def test_nobody_there_is_unreachable(shut_port):
    url = f"http://127.0.0.1:{shut_port}"
    events: list[Event] = []
    api = FuseApi("main", ApiOptions(url, EMAIL, KEY), events.append, lambda: NOW)
    with pytest.raises(Unreachable, match="refused"):
        api.read_call(SESSION)
    api.close()
    assert [type(event) for event in events] == [ApiFailed]


def test_a_proxy_that_refuses_is_unreachable(monkeypatch):
    with RawServer(always(answer(b"", "407 Proxy Authentication Required"))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        options = ApiOptions("https://fuse.invalid/api", EMAIL, KEY)
        api = FuseApi("main", options, lambda _: None, lambda: NOW)
        with pytest.raises(Unreachable, match="proxy"):
            api.read_call(SESSION)
        api.close()


def test_a_connection_that_times_out_is_distinguished(monkeypatch):
    import httpx  # noqa: PLC0415 - only here a foreign error is made by hand

    with source_rig(always(answer(CALLS))) as rig:

        def stream(*_args, **_options):
            raise httpx.ConnectTimeout("timed out")

        monkeypatch.setattr(httpx.Client, "stream", stream)
        with pytest.raises(TimedOut, match="accept a connection"):
            rig.calls()


@pytest.mark.parametrize("url", ["ftp://fuse.invalid/api", "fuse.invalid/api"])
def test_an_address_of_another_kind_is_unreachable(url):
    api = FuseApi("main", ApiOptions(url, EMAIL, KEY), lambda _: None, lambda: NOW)
    with pytest.raises(Unreachable, match="http://"):
        api.read_call(SESSION)
    api.close()


def test_an_address_that_is_none_is_bad_configuration():
    options = ApiOptions("http://fuse.invalid:port/api", EMAIL, KEY)
    with pytest.raises(ConfigurationError, match="API URL"):
        FuseApi("main", options, lambda _: None, lambda: NOW)
