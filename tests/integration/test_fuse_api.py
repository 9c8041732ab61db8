"""The source against real sockets: what it asks, what it makes of answers, what it tells."""

import base64
import gzip
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email.utils import formatdate
from urllib.parse import unquote

import pytest
from support.raw_http import RawServer, Respond, always, answer

from fuse_otel.core.call import EXPIRED_LOG, MISSING_LOG, CallLog, LogState
from fuse_otel.errors import (
    ConfigurationError,
    Malformed,
    ServerFailed,
    SourceError,
    Throttled,
    TimedOut,
    TooLarge,
    Unauthorized,
    Unexpected,
    Unreachable,
)
from fuse_otel.events import AnomaliesSeen, ApiAnswered, ApiFailed, ClockSkewSeen, Event
from fuse_otel.ports import Source
from fuse_otel.source import ApiOptions, FuseApi

NOW = 1_700_000_000.0
EMAIL, KEY, NUMBER, SESSION = "ops@example.com", "hunter2-developer", "6175551234", "300060;001;15"
GENEROUS = 30.0
EXPIRED = b'{"error": "There are no call log details available for this call."}'
ENTRIES = json.dumps(
    [
        {
            "event": {"line": "x", "data": {"module_type": "exit", "result_variable": "hangup"}},
            "class": "info",
            "timestamp": 1529552692,
        }
    ]
).encode()
CALLS = b'{"calls": [{"session_id": "a", "start": 1, "end": 2, "log": true}], "total_calls": 9}'


@pytest.fixture(autouse=True)
def _direct(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


class Asked:
    """A ``FuseApi`` at a raw server, with what both saw."""

    def __init__(self, server: RawServer, api: FuseApi, events: list[Event]) -> None:
        self.server = server
        self.api = api
        self.events = events

    def calls(self):
        return self.api.list_calls(10, 20, number=NUMBER, offset=0, limit=None)

    def logs(self):
        return self.api.read_logs(10, 20, number=NUMBER, offset=0, limit=200)

    def call(self):
        return self.api.read_call(SESSION)

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]


@contextmanager
def asking(respond: Respond, **options) -> Iterator[Asked]:
    events: list[Event] = []
    with RawServer(respond, options.pop("connected", None)) as server:
        chosen = ApiOptions(server.url + "/api/", EMAIL, KEY, **{"deadline": GENEROUS, **options})
        api = FuseApi("main", chosen, events.append, lambda: NOW)
        try:
            yield Asked(server, api, events)
        finally:
            api.close()


def failing(
    respond: Respond, ask: Callable[[Asked], object] = Asked.calls, **options
) -> SourceError:
    """The error; it was told once, and shows nothing private."""
    with asking(respond, **options) as asked, pytest.raises(SourceError) as caught:
        ask(asked)
    error = caught.value
    (told,) = asked.of(ApiFailed)
    assert (told.account, told.error_type, told.message) == ("main", error.error_type, str(error))
    assert not [word for word in (EMAIL, KEY, NUMBER, SESSION) if word in str(error)]
    assert error.__suppress_context__ or error.__context__ is None
    return error


# --- what is asked --------------------------------------------------------------------------------


def test_it_is_a_source():
    source: type[Source] = FuseApi
    assert source


def test_a_request_names_itself_and_its_account():
    with asking(always(answer(CALLS))) as asked:
        asked.calls()
    head = asked.server.heads[0].lower().splitlines()
    token = base64.b64encode(f"{EMAIL}:{KEY}".encode()).decode()
    assert f"Authorization: Basic {token}" in asked.server.heads[0]
    assert "accept: application/json" in head
    assert "accept-encoding: gzip" in head
    assert any(line.startswith("user-agent: fuse-otel/") for line in head)


@pytest.mark.parametrize(
    ("given", "target"),
    [
        ({"number": "", "offset": 0, "limit": None}, "/api/calls/10/20"),
        ({"number": "", "offset": 5, "limit": None}, "/api/calls/10/20?offset=5"),
        ({"number": "+1&a", "offset": 0, "limit": 3}, "/api/calls/10/20?number=%2B1%26a&limit=3"),
    ],
)
def test_only_what_is_given_is_asked(given, target):
    with asking(always(answer(CALLS))) as asked:
        asked.api.list_calls(10, 20, **given)
        assert asked.server.heads[0].split()[1] == target


def test_the_bulk_reading_names_its_limit():
    with asking(always(answer(CALLS))) as asked:
        asked.api.read_logs(10, 20, number="617", offset=400, limit=200)
        target = asked.server.heads[0].split()[1]
        assert target == "/api/all_logs/10/20?number=617&limit=200&offset=400"


@pytest.mark.parametrize(
    "session_id", ["300060;001;15", "a/b?c=d#e", "100%25", "a b+c", "é", "\ud800", "../calls"]
)
def test_a_session_id_is_one_part_of_the_path(session_id):
    with asking(always(answer(ENTRIES))) as asked:
        asked.api.read_call(session_id)
        target = asked.server.heads[0].split()[1]
        part = target.removeprefix("/api/call/")
        assert not set(part) & set(";/?#+ ")
        assert unquote(part) == session_id.replace("\ud800", "?")


# --- what comes back ------------------------------------------------------------------------------


def test_a_page_of_calls():
    with asking(always(answer(CALLS))) as asked:
        page = asked.calls()
    assert [call.session_id for call in page.calls] == ["a"]
    assert (page.records, page.total) == (1, 9)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_page_of_logs_tells_its_decoded_size(compressed):
    body = b'{"calls": [{"session_id": "a", "detail": ' + ENTRIES + b"}, {}]}"
    sent = answer(body)
    if compressed:
        sent = answer(gzip.compress(body), headers={"Content-Encoding": "gzip"})
    with asking(always(sent)) as asked:
        page = asked.logs()
    assert (page.records, page.size) == (2, len(body))
    assert page.logs["a"].exited
    assert asked.of(AnomaliesSeen) == [AnomaliesSeen("main", (("record_id", 1),))]


def test_the_log_of_a_call():
    with asking(always(answer(ENTRIES))) as asked:
        assert asked.call().state is LogState.PRESENT
    (told,) = asked.events
    assert (told.account, told.endpoint, told.code) == ("main", "call", 200)
    assert 0 <= told.seconds < GENEROUS


@pytest.mark.parametrize(
    ("status", "body", "log"),
    [
        ("404 Not Found", b'{"error": "No call log was found."}', MISSING_LOG),
        ("404 Not Found", b"<html>404</html>", MISSING_LOG),
        ("404 Not Found", b"", MISSING_LOG),
        ("200 OK", b"[]", MISSING_LOG),
        ("200 OK", b"null", MISSING_LOG),
        *[
            (status, EXPIRED, EXPIRED_LOG)
            for status in ("200 OK", "404 Not Found", "410 Gone", "500 Oops", "403 Forbidden")
        ],
    ],
)
def test_that_a_call_has_no_log_is_an_answer(status: str, body: bytes, log: CallLog):
    with asking(always(answer(body, status))) as asked:
        assert asked.call() == log
    assert [event.code for event in asked.of(ApiAnswered)] == [int(status[:3])]
    assert not asked.of(ApiFailed)


def test_the_apis_clock_is_compared_where_it_is_told():
    dated = answer(CALLS, headers={"Date": formatdate(NOW + 90, usegmt=True)})
    with asking(always(dated)) as asked:
        asked.calls()
    assert asked.of(ClockSkewSeen) == [ClockSkewSeen("main", 90.0)]
    with asking(always(answer(CALLS, headers={"Date": "today"}))) as asked:
        asked.calls()
    assert not asked.of(ClockSkewSeen)


# --- what goes wrong ------------------------------------------------------------------------------

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
@pytest.mark.parametrize("ask", [Asked.calls, Asked.logs, Asked.call])
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
    assert type(failing(always(answer(body)), Asked.call)) is Malformed


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
    with asking(always(sent), max_bytes=1 << 20) as asked, said:
        asked.logs()
    assert [event.code for event in asked.of(ApiAnswered)] == [200]


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


def test_nobody_there_is_unreachable():
    with RawServer(always(b"")) as server:
        url = server.url
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


def test_a_connection_that_times_out_is_told_apart(monkeypatch):
    import httpx  # noqa: PLC0415 - only here a foreign error is made by hand

    with asking(always(answer(CALLS))) as asked:

        def stream(*_args, **_options):
            raise httpx.ConnectTimeout("timed out")

        monkeypatch.setattr(httpx.Client, "stream", stream)
        with pytest.raises(TimedOut, match="accept a connection"):
            asked.calls()


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


# --- connections ----------------------------------------------------------------------------------


def test_a_connection_is_used_again():
    with asking(always(answer(ENTRIES))) as asked:
        for _ in range(3):
            asked.call()
        assert asked.server.connections == 1


def test_a_connection_that_the_server_closed_meanwhile_is_replaced():
    closed = threading.Event()

    def respond(peer, _head):
        peer.send(answer(ENTRIES))
        peer.close()
        closed.set()

    with asking(respond) as asked:
        for _ in range(3):
            closed.clear()
            assert asked.call().exited
            assert closed.wait(GENEROUS)
        assert asked.server.connections == 3


def test_after_an_error_the_next_request_is_answered():
    answers = iter([b"", answer(b"", headers={"Content-Length": "9"}) + b"x", answer(ENTRIES)])

    def respond(peer, _head):
        peer.send(next(answers))
        peer.close()

    with asking(respond) as asked:
        for _ in range(2):
            with pytest.raises(Unreachable):
                asked.call()
        assert asked.call().exited


def test_four_threads_may_ask_at_once():
    together = threading.Barrier(4)

    def respond(peer, head):
        together.wait(GENEROUS)
        line = unquote(head.split()[1])
        peer.send(answer(ENTRIES.replace(b'"x"', json.dumps(line[-1]).encode())))

    with asking(respond) as asked, ThreadPoolExecutor(4) as pool:
        logs = list(pool.map(asked.api.read_call, "abcdefgh"))
    assert [log.entries[0].line for log in logs] == list("abcdefgh")
    assert len(asked.of(ApiAnswered)) == 8


# --- privacy and cost -----------------------------------------------------------------------------


def test_options_show_no_credential():
    shown = repr(ApiOptions("https://fuse.invalid/api", EMAIL, KEY))
    assert EMAIL not in shown
    assert KEY not in shown


def test_importing_the_source_does_not_import_httpx():
    code = "import sys, fuse_otel.source; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
