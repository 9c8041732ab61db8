"""``POST /-/reload`` answers when the reload has ended, and delays no other answer."""

import socket
import threading
from concurrent.futures import Future

import httpx
import pytest
from support import http_client
from support.patience import PATIENCE
from support.rigs.web_site import ended, filled_store, served, site

from fuse_otel.errors import Stopping
from fuse_otel.web.app import create_app
from fuse_otel.web.server import WebServer
from fuse_otel.web.sockets import ListeningSockets


@pytest.fixture
def store():
    made = filled_store()
    yield made
    made.close()


class Requested:
    """A reload that ends when the test sets its result. ``send`` requests it in a thread."""

    def __init__(self):
        self.result = Future()
        self.begun = threading.Event()
        self.answers = []

    def __call__(self):
        self.begun.set()
        return self.result

    def send(self, url):
        thread = threading.Thread(
            target=lambda: self.answers.append(http_client.post(f"{url}/-/reload"))
        )
        thread.start()
        assert self.begun.wait(PATIENCE)
        return thread


def test_the_answer_is_the_result(store):
    results = ["", "FUSE_OTEL_SINCE: 'x' is not a duration.\nFUSE_OTEL_GROW: out of range."]
    with served(site(store, reload=lambda: ended(results.pop(0)))) as url:
        good, bad = (http_client.post(f"{url}/-/reload") for _ in range(2))
    assert (good.status_code, good.text) == (200, "The configuration is reloaded.\n")
    assert (bad.status_code, bad.text) == (
        500,
        "FUSE_OTEL_SINCE: 'x' is not a duration.\nFUSE_OTEL_GROW: out of range.\n",
    )


def test_other_requests_are_answered_while_a_reload_goes_on(store):
    reload = Requested()
    with served(site(store, reload=reload)) as url:
        threads = [reload.send(url) for _ in range(5)]
        for path in ("/-/healthy", "/status", "/metrics", "/calls/"):
            assert http_client.get(f"{url}{path}").status_code == 200
        assert reload.answers == []
        reload.result.set_result("")
        for thread in threads:
            thread.join(PATIENCE)
    assert [answer.status_code for answer in reload.answers] == [200] * 5


def test_the_wait_for_a_reload_is_bounded(store):
    reload = Requested()
    with served(site(store, reload=reload, reload_seconds=0.01)) as url:
        answer = http_client.post(f"{url}/-/reload")
    assert answer.status_code == 504
    assert "The log of the daemon will have its result." in answer.text
    assert reload.result.cancelled()


def test_a_reload_that_the_end_of_the_daemon_overtakes_is_unavailable(store):
    reload = Requested()
    reload.result.set_exception(Stopping())
    with served(site(store, reload=reload)) as url:
        answer = http_client.post(f"{url}/-/reload")
    assert (answer.status_code, answer.text) == (503, "The daemon is stopping.\n")


def test_a_program_that_cannot_reload_says_so(store):
    with served(site(store, reload=None)) as url:
        answer = http_client.post(f"{url}/-/reload")
    assert (answer.status_code, answer.text) == (
        501,
        "The demo cannot reload its configuration. Restart it.\n",
    )


def test_another_sites_page_may_not_reload(store):
    reload = Requested()
    with served(site(store, reload=reload)) as url:
        headers = {"Sec-Fetch-Site": "cross-site"}
        assert http_client.post(f"{url}/-/reload", headers=headers).status_code == 403
        assert not reload.begun.is_set()


def test_a_server_ends_but_for_the_answer_about_the_next_one(store):
    reload = Requested()
    listening = ListeningSockets()
    first = WebServer(create_app(site(store, reload=reload)), listening, "127.0.0.1", 0)
    host, port = first.start()
    url = f"http://{host}:{port}"
    with http_client.client(base_url=url) as idle:
        assert idle.get("/-/healthy").status_code == 200
        thread = reload.send(url)
        first.drain(PATIENCE)
        assert first.running
        second = WebServer(create_app(site(store)), listening, "127.0.0.1", 0)
        assert second.start() == (host, port)
        assert http_client.get(f"{url}/-/healthy").status_code == 200
        reload.result.set_result("")
        thread.join(PATIENCE)
    assert [answer.status_code for answer in reload.answers] == [200]
    assert first.stop(PATIENCE)
    assert second.stop(PATIENCE)
    listening.close()


def test_a_client_that_leaves_holds_no_server_up(store):
    reload = Requested()
    listening = ListeningSockets()
    server = WebServer(create_app(site(store, reload=reload)), listening, "127.0.0.1", 0)
    host, port = server.start()
    with socket.create_connection((host, port)) as client:
        client.sendall(b"POST /-/reload HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert reload.begun.wait(PATIENCE)
    server.drain(PATIENCE)
    reload.result.set_result("")
    assert server.stop(PATIENCE)
    listening.close()


def test_an_answer_that_hangs_is_cut_off_and_the_one_about_the_next_server_is_not(store):
    hanging, release = threading.Event(), threading.Event()

    def hang(_accept):
        hanging.set()
        release.wait(PATIENCE)
        return b"", "text/plain"

    reload = Requested()
    listening = ListeningSockets()
    given = site(store, reload=reload, metrics=hang)
    server = WebServer(create_app(given), listening, "127.0.0.1", 0)
    host, port = server.start()
    url = f"http://{host}:{port}"
    errors = []
    scrape = threading.Thread(target=lambda: errors.append(failure_of(f"{url}/metrics")))
    scrape.start()
    assert hanging.wait(PATIENCE)
    thread = reload.send(url)
    server.drain(0.1)
    scrape.join(PATIENCE)
    assert errors == [True]
    reload.result.set_result("It failed.")
    thread.join(PATIENCE)
    assert [answer.status_code for answer in reload.answers] == [500]
    release.set()
    assert server.stop(PATIENCE)
    listening.close()


def failure_of(url):
    try:
        http_client.get(url)
    except httpx.TransportError:
        return True
    return False
