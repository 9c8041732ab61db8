"""Probes, reload, and the server around all pages."""

import errno
import signal
import socket
import threading

import httpx
import pytest
from support import http_client
from support.patience import PATIENCE
from support.rigs.web_site import served, site

from fuse_otel.errors import CannotListen
from fuse_otel.store import MemoryStore
from fuse_otel.web.app import create_app
from fuse_otel.web.server import WebServer
from fuse_otel.web.sockets import ListeningSockets


@pytest.fixture
def store():
    made = MemoryStore(capacity=1000)
    yield made
    made.close()


@pytest.fixture
def listening():
    made = ListeningSockets()
    yield made
    made.close()


@pytest.mark.parametrize("path", ["/-/healthy", "/-/ready"])
def test_probes_answer_with_what_does_not_work(store, path):
    wrong = []
    with served(site(store, health=lambda: wrong, readiness=lambda: wrong)) as url:
        assert http_client.get(url + path).status_code == 200
        wrong += ["The store is unusable.", "No lane works."]
        answer = http_client.get(url + path)
        assert (answer.status_code, answer.text) == (
            503,
            "The store is unusable.\nNo lane works.\n",
        )


def test_health_and_readiness_are_two_things(store):
    with served(site(store, readiness=lambda: ["No account works."])) as url:
        assert http_client.get(f"{url}/-/healthy").status_code == 200
        assert http_client.get(f"{url}/-/ready").status_code == 503


def test_health_is_answered_while_every_page_hangs(store):
    release, hanging = threading.Event(), threading.Semaphore(0)

    def hang(_accept):
        hanging.release()
        release.wait(PATIENCE)
        return b"", "text/plain"

    with served(site(store, metrics=hang)) as url:
        scrapes = [
            threading.Thread(target=http_client.get, args=(f"{url}/metrics",)) for _ in range(4)
        ]
        for scrape in scrapes:
            scrape.start()
        assert all(hanging.acquire(timeout=PATIENCE) for _ in range(2))
        assert http_client.get(f"{url}/-/healthy").status_code == 200
        release.set()
        for scrape in scrapes:
            scrape.join()


def test_a_port_that_is_taken_is_one_sentence(store, listening):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = WebServer(create_app(site(store)), listening, "127.0.0.1", port)
        with pytest.raises(CannotListen) as raised:
            server.start()
    assert str(raised.value) == (
        f"Cannot listen on 127.0.0.1:{port}: Address already in use. If another fuse-otel runs"
        " there, choose another port with FUSE_OTEL_LISTEN."
    )
    assert not server.running
    assert server.stop(1)


def test_a_host_that_is_not_ours_is_one_sentence(store, listening):
    server = WebServer(create_app(site(store)), listening, "host.invalid", 0)
    with pytest.raises(CannotListen, match=r"^Cannot listen on host\.invalid:0: .+\.$"):
        server.start()


def test_who_connects_between_two_servers_is_answered_by_the_second(store, listening):
    first = WebServer(create_app(site(store)), listening, "127.0.0.1", 0)
    address = first.start()
    assert first.stop(PATIENCE)
    with socket.create_connection(address) as waiting:
        waiting.sendall(b"GET /-/ready HTTP/1.0\r\n\r\n")
        second = WebServer(
            create_app(site(store, readiness=lambda: ["of the second"])), listening, "127.0.0.1", 0
        )
        assert second.start() == address
        waiting.settimeout(PATIENCE)
        answer = b"".join(iter(lambda: waiting.recv(4096), b""))
    assert b"of the second" in answer
    assert second.stop(PATIENCE)


def test_another_address_frees_the_one_before(listening):
    listening.on("127.0.0.1", 0).close()
    with listening.on("127.0.0.1", 0) as copy:
        before = copy.getsockname()
    listening.on("localhost", 0).close()
    listening.keep_only("localhost", 0)
    socket.create_server(before).close()


def test_ipv6_is_listened_on_where_it_is_there(store, listening):
    server = WebServer(create_app(site(store)), listening, "::1", 0)
    if not _has_ipv6():
        with pytest.raises(CannotListen, match=r"^Cannot listen on ::1:0: .+\.$"):
            server.start()
        return
    host, port = server.start()
    assert http_client.get(f"http://[{host}]:{port}/-/healthy").status_code == 200
    assert server.stop(PATIENCE)


def _has_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def test_signals_stay_the_daemons(store):
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    with served(site(store)) as url:
        http_client.get(url)
        during = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    assert during == before


def test_the_end_waits_for_a_running_request_and_not_for_idle_connections(store, listening):
    running, release = threading.Event(), threading.Event()

    def slow(_accept):
        running.set()
        release.wait(PATIENCE)
        return b"told\n", "text/plain"

    server = WebServer(create_app(site(store, metrics=slow)), listening, "127.0.0.1", 0)
    host, port = server.start()
    with http_client.client(base_url=f"http://{host}:{port}") as client:
        client.get("/-/healthy")  # the connection stays open, idle
        answers = []
        scrape = threading.Thread(
            target=lambda: answers.append(http_client.get(f"http://{host}:{port}/metrics"))
        )
        scrape.start()
        assert running.wait(PATIENCE)
        ended = []
        stop = threading.Thread(target=lambda: ended.append(server.stop(PATIENCE)))
        stop.start()
        release.set()
        stop.join()
        scrape.join()
    assert ended == [True]
    assert answers[0].text == "told\n"
    assert not server.running


def test_a_request_that_never_ends_does_not_hold_up_the_end(store, listening, monkeypatch):
    monkeypatch.setattr("fuse_otel.web.server._FORCED", PATIENCE)
    running, release = threading.Event(), threading.Event()

    def stuck(_accept):
        running.set()
        release.wait(2 * PATIENCE)
        return b"", "text/plain"

    server = WebServer(create_app(site(store, metrics=stuck)), listening, "127.0.0.1", 0)
    host, port = server.start()
    scrape = threading.Thread(target=_get_anyhow, args=(f"http://{host}:{port}/metrics",))
    scrape.start()
    assert running.wait(PATIENCE)
    assert server.stop(0.1)
    release.set()
    scrape.join()


def _get_anyhow(url):
    try:
        http_client.get(url)
    except httpx.TransportError:
        return


def test_every_address_is_ipv6_and_ipv4(store, listening):
    server = WebServer(create_app(site(store)), listening, "::", 0)
    host, port = server.start()
    assert host == ("::" if _has_ipv6() else "0.0.0.0")
    loopbacks = ["127.0.0.1", *(["[::1]"] if _has_ipv6() else [])]
    for address in loopbacks:
        assert http_client.get(f"http://{address}:{port}/-/healthy").status_code == 200
    assert server.stop(PATIENCE)


@pytest.mark.parametrize("number", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL])
def test_without_ipv6_every_address_is_every_ipv4_address(store, listening, monkeypatch, number):
    create = socket.create_server

    def without_ipv6(address, **options):
        if options.get("family") == socket.AF_INET6:
            raise OSError(number, "no IPv6")
        return create(address, **options)

    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: True)
    monkeypatch.setattr(socket, "create_server", without_ipv6)
    server = WebServer(create_app(site(store)), listening, "::", 0)
    host, port = server.start()
    assert host == "0.0.0.0"
    assert http_client.get(f"http://127.0.0.1:{port}/-/healthy").status_code == 200
    assert server.stop(PATIENCE)


def test_a_port_that_is_taken_is_no_missing_ipv6(store, listening):
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        server = WebServer(create_app(site(store)), listening, "::", port)
        with pytest.raises(CannotListen, match="Address already in use"):
            server.start()
