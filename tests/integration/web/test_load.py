"""The pages under clients that hold connections, send nothing, or do not read their answers."""

import socket
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from support import http_client
from support.patience import PATIENCE
from support.rigs.web_site import indexed_call, recent_call, served, site

from fuse_otel.daemon.memory import give_back_memory
from fuse_otel.store import MemoryStore
from fuse_otel.web import app, connections, guards
from fuse_otel.web.calls import PER_PAGE

PROBES = ("/-/healthy", "/-/ready", "/metrics")
MIB = 1 << 20


class LargeTable:
    """The calls of a page of more than 10 MB."""

    def __init__(self):
        call = indexed_call(recent_call("a", traces=b"", logs=b""), application="x" * 105_000)
        self._calls = [call] * PER_PAGE

    def calls(self, _query, _limit, _offset):
        return self._calls


@pytest.fixture
def store():
    made = MemoryStore(capacity=1000)
    yield made
    made.close()


@pytest.fixture
def large(store):
    given = site(store, calls=LargeTable(), give_back_memory=give_back_memory)
    with served(given) as url:
        yield url


@pytest.fixture
def clients():
    with ExitStack() as stack:
        yield stack


def connect(clients, url):
    """A client with a small buffer, so that it takes little of what it does not read."""
    host, port = url.removeprefix("http://").split(":")
    client = clients.enter_context(socket.socket())
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(PATIENCE)
    client.connect((host, int(port)))
    return client


def ask_without_reading(clients, url, path):
    client = connect(clients, url)
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return client


def is_closed(client, within=PATIENCE):
    """Whether the server closes the connection. What it sent before is read."""
    client.settimeout(within)
    try:
        while client.recv(MIB):
            pass
    except TimeoutError:
        return False
    except ConnectionResetError:
        pass
    return True


def received(client):
    """How many bytes come until the end of the connection."""
    size = 0
    try:
        while piece := client.recv(MIB):
            size += len(piece)
    except ConnectionResetError:
        pass
    return size


def probes_answer(url):
    for path in PROBES:
        assert http_client.get(url + path).status_code == 200, path


def resident():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def test_probes_are_answered_beside_more_idle_connections_than_there_is_room_for(
    large, clients, monkeypatch
):
    monkeypatch.setattr(connections, "HEAD_TIMEOUT", 10 * PATIENCE)
    idle = [connect(clients, large) for _ in range(connections.MOST_CONNECTIONS + 4)]
    probes_answer(large)
    assert is_closed(idle[0]), "the one that was idle longest made room"


def test_probes_are_answered_beside_clients_that_do_not_read(large, clients):
    for _ in range(30):
        ask_without_reading(clients, large, "/calls/")
    probes_answer(large)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc on this system")
def test_memory_is_bounded_under_many_slow_readers_and_given_back(large, clients):
    http_client.get(f"{large}/calls/")
    before = resident()
    for _ in range(200):
        ask_without_reading(clients, large, "/calls/")
    most = before
    for _ in range(20):
        probes_answer(large)
        most = max(most, resident())
    assert most - before < 250 * MIB
    clients.close()
    _eventually(lambda: resident() - before < 60 * MIB)


def test_a_slow_reader_of_a_page_gives_way_to_a_reader_that_waits(store, clients, monkeypatch):
    monkeypatch.setattr(app, "_PAGES", (4, 0.0))
    with served(site(store, calls=LargeTable())) as url:
        slow = [ask_without_reading(clients, url, "/calls/") for _ in range(8)]
        answer = http_client.get(f"{url}/calls/")
        assert answer.status_code == 200
        assert len(answer.text) > 10_000_000
        assert any(is_closed(each, within=1.0) for each in slow)
        clients.close()


def test_memory_is_given_back_once_after_large_pages_and_not_after_small_ones(store):
    calls = []
    given = site(store, calls=LargeTable(), give_back_memory=lambda: calls.append(1))
    with served(given) as url:
        http_client.get(f"{url}/status")
        assert not calls
        http_client.get(f"{url}/calls/")
        _eventually(lambda: calls == [1])


@pytest.mark.slow
def test_metrics_are_answered_beside_slow_readers_of_large_metrics(store, clients):
    large = b"# x\n" * (4 * MIB)
    with served(site(store, metrics=lambda _accept: (large, "text/plain"))) as url:
        for _ in range(30):
            ask_without_reading(clients, url, "/metrics")
        assert http_client.get(f"{url}/metrics").content == large
        clients.close()


def test_a_client_that_waits_too_long_for_a_page_gets_a_retry_after(store, clients, monkeypatch):
    monkeypatch.setattr(app, "_PAGES", (4, PATIENCE))
    monkeypatch.setattr(guards, "_WAIT", 1.0)
    with served(site(store, calls=LargeTable())) as url:
        for _ in range(8):
            ask_without_reading(clients, url, "/calls/")
        answer = http_client.get(f"{url}/status")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        probes_answer(url)
        clients.close()


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"],
    ids=["nothing", "half a head", "a request, then nothing"],
)
def test_a_connection_without_a_complete_request_is_closed(store, clients, monkeypatch, sent):
    monkeypatch.setattr(connections, "HEAD_TIMEOUT", 1.0)
    with served(site(store)) as url:
        client = connect(clients, url)
        client.sendall(sent)
        assert is_closed(client)
        # A client of a slow machine may take a second to send its head.
        monkeypatch.undo()
        assert http_client.get(f"{url}/-/healthy").status_code == 200


def test_a_head_that_dribbles_in_buys_no_time(store, clients, monkeypatch):
    monkeypatch.setattr(connections, "HEAD_TIMEOUT", 1.0)
    with served(site(store)) as url:
        client = connect(clients, url)
        client.settimeout(0.1)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                client.sendall(b"G")
                if not client.recv(1):
                    return
            except TimeoutError:
                continue
            except OSError:
                return
    pytest.fail("the connection is still open")


@pytest.mark.slow
@pytest.mark.parametrize("bound", ["STALL_TIMEOUT", "ANSWER_TIMEOUT"])
def test_an_answer_that_nobody_reads_is_cut_off(large, clients, monkeypatch, bound):
    aborted = threading.Event()
    abort = connections.ClientConnection.abort

    def noted(connection):
        abort(connection)
        aborted.set()

    monkeypatch.setattr(connections.ClientConnection, "abort", noted)
    monkeypatch.setattr(connections, bound, 1.0)
    client = ask_without_reading(clients, large, "/calls/")
    assert aborted.wait(PATIENCE)
    assert received(client) < 10_000_000


def _eventually(holds):
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.2)
