"""The post-call webhook over a real socket."""

import base64
import socket
import threading

import httpx
import pytest
from support import http_client
from support.patience import PATIENCE
from support.rigs.web_site import served, site

from fuse_otel.events import HookAnswered
from fuse_otel.store import MemoryStore

TOKEN = "a secret of 16 characters é"
GOOD = {"Authorization": b"Bearer " + TOKEN.encode()}
ID = "300060;001;1529552581"


@pytest.fixture
def store():
    made = MemoryStore(capacity=1000)
    yield made
    made.close()


class Hooked:
    def __init__(self, store, **changes):
        self.polls, self.events = 0, []
        self.site = site(
            store,
            **{"hook": self._poll, "hook_token": TOKEN, "emit": self.events.append} | changes,
        )

    def _poll(self):
        self.polls += 1


@pytest.fixture
def hooked(store):
    made = Hooked(store)
    with served(made.site) as url:
        made.url = f"{url}/hooks/post-call"
        yield made


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_a_hook_polls_now(hooked, method):
    answer = http_client.request(method, hooked.url, params={"session.id": ID}, headers=GOOD)
    assert (answer.status_code, answer.text) == (202, "Accepted: the account is polled now.\n")
    assert hooked.polls == 1
    assert hooked.events == [HookAnswered(202)]


def test_every_body_is_taken(hooked):
    for body in (
        {"data": {"session_id": ID}},
        {"json": {"sessionId": ID}},
        {"files": {"session.id": (None, ID)}},
        {"content": b"\xff not understood"},
    ):
        assert http_client.post(hooked.url, headers=GOOD, **body).status_code == 202
    assert hooked.polls == 4


@pytest.mark.parametrize(
    ("headers", "params"),
    [
        (GOOD, {}),
        ({"Authorization": b"bEARER  " + TOKEN.encode()}, {}),
        ({}, {"token": TOKEN}),
        ({"Authorization": "Basic " + base64.b64encode(b"a:b").decode()}, {"token": TOKEN}),
    ],
    ids=["bearer", "any case", "query", "beside a proxy's own"],
)
def test_the_token_opens(hooked, headers, params):
    assert http_client.post(hooked.url, headers=headers, params=params).status_code == 202


@pytest.mark.parametrize(
    ("headers", "params"),
    [
        ({}, {}),
        ({"Authorization": "Bearer wrong"}, {}),
        ({"Authorization": "Bearer"}, {}),
        ({"Authorization": b"Basic " + TOKEN.encode()}, {}),
        ({"Authorization": "Bearer wrong"}, {"token": TOKEN}),
        ({}, {"token": ""}),
        ({}, {"token": TOKEN[:-1]}),
    ],
)
def test_without_the_token_nothing_is_polled(hooked, headers, params):
    answer = http_client.post(hooked.url, headers=headers, params=params, content=b"x" * 100_000)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert TOKEN not in answer.text
    assert hooked.polls == 0
    assert hooked.events == [HookAnswered(401)]


@pytest.mark.parametrize("changes", [{"hook": None}, {"hook_token": None}, {"hook_token": ""}])
def test_without_a_configured_token_there_is_no_hook(store, changes):
    hooked = Hooked(store, **changes)
    with served(hooked.site) as url:
        answer = http_client.post(f"{url}/hooks/post-call", params={"token": ""}, headers=GOOD)
    assert answer.status_code == 404
    assert "FUSE_OTEL_HOOK_TOKEN" in answer.text
    assert hooked.polls == 0


@pytest.mark.parametrize(("size", "code"), [(64 * 1024, 202), (64 * 1024 + 1, 413)])
def test_a_body_has_a_limit(hooked, size, code):
    assert http_client.post(hooked.url, headers=GOOD, content=b"x" * size).status_code == code
    assert hooked.polls == (code == 202)


def test_a_body_without_a_length_has_the_same_limit(hooked):
    endless = (b"x" * 10_000 for _ in range(10))
    assert http_client.post(hooked.url, headers=GOOD, content=endless).status_code == 413


def _raw(url, *lines):
    host, port = url.removeprefix("http://").split("/")[0].split(":")
    connection = socket.create_connection((host, int(port)), timeout=PATIENCE)
    connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
    return connection


def test_a_body_that_does_not_arrive_is_given_up(hooked, monkeypatch):
    monkeypatch.setattr("fuse_otel.web.hook._PATIENCE", 0.05)
    lines = ("POST /hooks/post-call?token=t HTTP/1.1", "Host: x", "Content-Length: 5")
    with _raw(hooked.url, *(line.replace("=t", "=" + _quoted()) for line in lines)) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 408 ")
    assert hooked.polls == 0


def test_a_body_that_breaks_off_polls_nothing(hooked):
    counted = threading.Event()
    hooked.events = _Noticed(counted)
    object.__setattr__(hooked.site, "emit", hooked.events.append)
    lines = (f"POST /hooks/post-call?token={_quoted()} HTTP/1.1", "Host: x", "Content-Length: 5")
    _raw(hooked.url, *lines).close()
    assert counted.wait(PATIENCE)
    assert hooked.events == [HookAnswered(400)]
    assert hooked.polls == 0


class _Noticed(list):
    def __init__(self, event):
        super().__init__()
        self._event = event

    def append(self, value):
        super().append(value)
        self._event.set()


def _quoted():
    return str(httpx.QueryParams({"t": TOKEN})).removeprefix("t=")


def test_the_token_stands_in_no_repr(hooked):
    assert TOKEN not in repr(hooked.site)
