"""Whatever the far side does with its bytes, a request ends at its deadline."""

import logging
import socket
import threading
import time
from functools import partial

import httpcore
import httpx
import pytest
from support.fakes.raw_http import RawServer, always, answer
from support.peers.waiting import wait_for

from fuse_otel.daemon.request_threads import RequestThreads
from fuse_otel.net import DeadlinePassed, client, deadline, left, read_limited
from fuse_otel.net._deadline import DeadlineBackend

LIMIT = 0.3
GENEROUS = 30.0  # no request here may come near it; only a deadline that does not hold does
pytestmark = pytest.mark.usefixtures("no_proxy")


def _given_up(url: str, **options) -> None:
    began = time.monotonic()
    with (
        client(timeout=60.0) as http,
        pytest.raises(DeadlinePassed),
        deadline(LIMIT),
        http.stream("POST" if options else "GET", url, **options) as response,
    ):
        read_limited(response, 10_000_000)
    assert LIMIT * 0.9 <= time.monotonic() - began < GENEROUS


def _dribbles(peer, _head):
    peer.send(answer(b"", headers={"Content-Length": "1000"}))
    peer.dribble(b"x" * 1000)


def test_a_body_of_a_byte_now_and_then_is_given_up():
    with RawServer(_dribbles) as server:
        _given_up(server.url)


def test_chunks_of_a_byte_now_and_then_are_given_up():
    def respond(peer, _head):
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        peer.dribble(b"1\r\nx\r\n" * 1000)

    with RawServer(respond) as server:
        _given_up(server.url)


def test_headers_of_a_byte_now_and_then_are_given_up():
    with RawServer(lambda peer, _: peer.dribble(answer(b"x" * 1000))) as server:
        _given_up(server.url)


def test_a_silent_server_is_given_up():
    with RawServer(lambda peer, _: peer.hold()) as server:
        _given_up(server.url)


def test_a_server_that_reads_slowly_is_given_up():
    with RawServer(always(answer()), connected=lambda peer: peer.hold()) as server:
        _given_up(server.url, content=bytes(30_000_000))


def test_a_tls_handshake_that_never_ends_is_given_up():
    with RawServer(always(b""), connected=lambda peer: peer.hold()) as server:
        _given_up(server.url.replace("http:", "https:"))


def _given_up_by(proxy: RawServer, url: str) -> None:
    """On a busy machine the time may be over before anything is sent."""

    def heard() -> bool:
        _given_up(url)
        return bool(proxy.heads)

    wait_for(heard, "a request to the proxy")


def test_the_deadline_holds_through_a_proxy(monkeypatch):
    with RawServer(_dribbles) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        _given_up_by(proxy, "http://fuse.invalid/")
        assert proxy.heads[0].startswith("GET http://fuse.invalid/")


def test_the_deadline_holds_inside_a_proxys_tunnel(monkeypatch):
    def respond(peer, _head):
        peer.send(b"HTTP/1.1 200 Connected\r\n\r\n")
        peer.hold()

    with RawServer(respond) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        _given_up_by(proxy, "https://fuse.invalid/")
        assert proxy.heads[0].startswith("CONNECT fuse.invalid:443")


def test_a_host_that_no_proxy_names_is_connected_directly(monkeypatch):
    with RawServer(always(answer(b"direct"))) as server, RawServer(_dribbles) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with client() as http, deadline(GENEROUS):
            assert http.get(server.url).content == b"direct"
        assert proxy.connections == 0


def test_waiting_for_a_free_connection_counts():
    with RawServer(_dribbles) as server, client(timeout=60.0, max_connections=1) as http:
        busy = threading.Event()
        done = threading.Event()

        def occupy() -> None:
            with http.stream("GET", server.url):
                busy.set()
                done.wait(GENEROUS)

        other = threading.Thread(target=occupy)
        other.start()
        assert busy.wait(GENEROUS)
        began = time.monotonic()
        with pytest.raises(httpx.TimeoutException), deadline(LIMIT):
            http.get(server.url)
        assert time.monotonic() - began < GENEROUS
        done.set()
        other.join()


def test_nothing_is_sent_once_the_deadline_has_passed():
    with RawServer(always(answer())) as server:
        with client() as http, deadline(0), pytest.raises(DeadlinePassed):
            http.get(server.url)
        assert server.heads == []


def test_an_inner_deadline_does_not_outlast_the_outer():
    with (
        RawServer(_dribbles) as server,
        client(timeout=60.0) as http,
        deadline(LIMIT),
        deadline(1000),
        pytest.raises(DeadlinePassed),
    ):
        http.get(server.url)


def test_without_a_deadline_each_wait_has_its_own_timeout():
    with RawServer(lambda peer, _: peer.hold()) as server, client(timeout=0.1) as http:
        with pytest.raises(httpx.ReadTimeout):
            http.get(server.url)
        with pytest.raises(httpx.ReadTimeout) as caught, deadline(GENEROUS):
            http.get(server.url)
        assert not isinstance(caught.value, DeadlinePassed)


def test_a_deadline_ends_with_its_block():
    with RawServer(always(answer(b"fine"))) as server, client() as http:
        with deadline(0), pytest.raises(DeadlinePassed):
            http.get(server.url)
        assert http.get(server.url).content == b"fine"


def _resolve(monkeypatch, name: str, addresses: list[str]) -> None:
    real = socket.getaddrinfo

    def resolve(host, port, *arguments, **options):
        if host != name:
            return real(host, port, *arguments, **options)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (to, port)) for to in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


class _Blackhole(httpcore.NetworkBackend):
    """A network on which no address accepts, whose every try takes all the time it is given."""

    def __init__(self) -> None:
        self.given: list[float] = []

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        self.given.append(timeout)
        time.sleep(timeout)
        raise httpcore.ConnectTimeout


def test_all_addresses_of_a_host_share_the_deadline(monkeypatch):
    _resolve(monkeypatch, "many.invalid", [f"10.0.0.{n}" for n in range(5)])
    network = _Blackhole()
    with deadline(LIMIT), pytest.raises(DeadlinePassed):
        DeadlineBackend(network).connect_tcp("many.invalid", 80, timeout=0.2)
    assert sum(network.given) <= LIMIT


def test_the_next_address_is_tried_when_one_refuses(monkeypatch, shut_port):
    with RawServer(always(answer(b"second"))) as server:
        _resolve(monkeypatch, "two.invalid", ["127.0.0.2", "127.0.0.1"])
        with client() as http:
            assert http.get(f"http://two.invalid:{server.port}").content == b"second"
            with pytest.raises(httpx.ConnectError, match="refused"):
                http.get(f"http://two.invalid:{shut_port}")


def test_an_unknown_host_is_a_connect_error(monkeypatch):
    def unknown(*_args, **_options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with client() as http, pytest.raises(httpx.ConnectError, match="not known"):
        http.get("http://nowhere.invalid")


def test_redirects_are_not_followed_and_cookies_not_kept():
    moved = answer(
        status="302 Found", headers={"Location": "/there", "Set-Cookie": "PHPSESSID=1; Path=/"}
    )
    with RawServer(always(moved)) as server, client() as http:
        assert http.get(server.url).status_code == 302
        assert http.get(server.url).status_code == 302
        assert [head.split()[1] for head in server.heads] == ["/", "/"]
        assert "cookie" not in "".join(server.heads).lower()


def test_addresses_and_headers_stay_out_of_every_log(caplog):
    caplog.set_level(logging.DEBUG)
    with RawServer(always(answer())) as server, client(headers={"X-Key": "hunter2"}) as http:
        http.get(server.url, params={"number": "6175551234"})
    assert "6175551234" not in caplog.text
    assert "hunter2" not in caplog.text
    assert "HTTP Request" not in caplog.text


def test_the_time_left_is_never_more_than_the_timeout_nor_below_zero():
    assert left(5) == 5
    with deadline(1000):
        assert left(5) == 5
        assert 900 < left(5000) <= 1000
        with deadline(-1):
            assert left(5) == 0


def test_calls_that_are_requested_side_by_side_share_the_callers_deadline():
    def recording(name):
        given[name] = left(5000)

    given = {}
    requests = RequestThreads(3, deadline, wait=True)
    with deadline(1000):
        requests([partial(recording, "a"), partial(recording, "b")], 2000)
        requests([partial(recording, "c")], 500)
    requests.close()
    assert all(900 < given[name] <= 1000 for name in "ab")
    assert 400 < given["c"] <= 500
