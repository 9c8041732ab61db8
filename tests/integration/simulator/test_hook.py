"""The post-call web service: who is told what, in which encoding."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from support.patience import PATIENCE

from fuse_otel.simulator.quirks import Quirks
from fuse_otel.simulator.simulated_api import SimulatedApi
from fuse_otel.simulator.world import World

NOW = 1_700_000_000
TOKEN = "secret"
WORLD = World(seed=5, rate=0.2, past=3600, start=NOW)


class Listener(HTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.heard = []
        self.status = 204

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,))
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.thread.join()
        self.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/hooks/post-call"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.server.heard.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def listener():
    with Listener() as listener:
        yield listener


def step_hook(listener, encoding="form", token=TOKEN, url=""):
    api = SimulatedApi(
        WORLD,
        quirks=Quirks.parsed([f"hook_encoding={encoding}"]),
        clock=lambda: NOW,
        hook_url=url or listener.url,
        hook_token=token,
    )
    api.hook.step(NOW + 60)
    return api.hook


def heard_ids(listener):
    return [parse_qs(body.decode())["session.id"][0] for _, _, body in listener.heard]


ENDED = [call.session_id for call in sorted(WORLD.ending(NOW + 1, NOW + 61), key=lambda c: c.end)]
CALL = WORLD.find(ENDED[0])
FIELDS = {
    "session.id": CALL.session_id,
    "session.connection.ani": CALL.src,
    "session.connection.dnis": CALL.dest,
    "session.name": CALL.application,
}


def test_every_call_that_ended_is_announced_once(listener):
    hook = step_hook(listener)
    assert heard_ids(listener) == ENDED
    hook.step(NOW + 60.9)
    assert heard_ids(listener) == ENDED
    hook.step(NOW + 90)
    more = {call.session_id for call in WORLD.ending(NOW + 61, NOW + 91)}
    assert set(heard_ids(listener)[len(ENDED) :]) == more
    assert hook.results == {"204": len(listener.heard)}


def test_form_fields_with_a_bearer_token(listener):
    step_hook(listener, "form")
    _, headers, body = listener.heard[0]
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert headers["Authorization"] == "Bearer secret"
    assert {name: value for name, (value,) in parse_qs(body.decode()).items()} == FIELDS


def test_raw_json_with_a_bearer_token(listener):
    step_hook(listener, "json")
    _, headers, body = listener.heard[0]
    assert headers["Content-Type"] == "application/json"
    assert headers["Authorization"] == "Bearer secret"
    assert json.loads(body) == FIELDS


@pytest.mark.parametrize("kept", ["", "?a=b"])
def test_a_query_with_the_token_in_it(listener, kept):
    step_hook(listener, "query", url=listener.url + kept)
    path, headers, body = listener.heard[0]
    query = {name: value for name, (value,) in parse_qs(urlsplit(path).query).items()}
    assert query == {**FIELDS, "token": "secret", **({"a": "b"} if kept else {})}
    assert "Authorization" not in headers
    assert body == b""


@pytest.mark.parametrize("encoding", ["form", "json", "query"])
def test_without_a_token_none_is_sent(listener, encoding):
    step_hook(listener, encoding, token="")
    path, headers, _ = listener.heard[0]
    assert "token" not in path
    assert "Authorization" not in headers


def test_a_refused_announcement_is_counted_and_not_repeated(listener):
    listener.status = 503
    hook = step_hook(listener)
    assert hook.results == {"503": len(ENDED)}
    assert heard_ids(listener) == ENDED


def test_an_unreachable_listener_is_counted():
    with Listener() as gone:
        url = gone.url
    assert step_hook(gone, url=url).results == {"failed": len(ENDED)}


def test_only_http_is_spoken():
    with pytest.raises(ValueError, match="http"):
        step_hook(None, url="file:///etc/hosts")


def test_a_running_simulator_announces_live_calls(listener):
    now = [float(NOW)]
    with SimulatedApi(WORLD, clock=lambda: now[0], hook_url=listener.url):
        now[0] += 60
        deadline = time.monotonic() + PATIENCE
        while len(listener.heard) < len(ENDED) and time.monotonic() < deadline:
            time.sleep(0.02)
    assert heard_ids(listener) == ENDED
