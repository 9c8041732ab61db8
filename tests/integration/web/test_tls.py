"""TLS at the port, over real sockets: handshakes that are slow, broken or none, certificates."""

import gc
import socket
import ssl
from contextlib import contextmanager, suppress

import httpx
import pytest
from support import http_client
from support.builders.web_files import access, tls
from support.fakes.tls_files import make_certificate
from support.patience import PATIENCE
from support.rigs.web_site import filled_store, recent_call, served, site

from fuse_otel.web import connections
from fuse_otel.web import tls as tls_module
from fuse_otel.web.access import CurrentAccess


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"), "server")


@pytest.fixture(scope="module")
def client_certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"), "client", "DNS:scraper.example.com")


@contextmanager
def port(folder, certificate, **more):
    """The URL of a port with TLS."""
    store = filled_store(recent_call("a"))
    given = access(folder, tls_server_config=tls(certificate, **more))
    with served(site(store, access=CurrentAccess(given))) as url:
        yield url
    store.close()


def trusting(certificate, client=None):
    context = ssl.create_default_context(cafile=certificate.certificate)
    if client:
        context.load_cert_chain(client.certificate, client.key)
    return context


def address(url):
    parts = httpx.URL(url)
    return parts.host, parts.port


def rest_of(connection):
    """What still comes, until the end."""
    connection.settimeout(PATIENCE)
    try:
        return b"".join(iter(lambda: connection.recv(65536), b""))
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("version", ["TLS12", "TLS13"])
def test_pages_are_answered_over_tls(tmp_path, certificate, version):
    with (
        port(tmp_path, certificate, min_version=version, max_version=version) as url,
        http_client.client(base_url=url, verify=trusting(certificate)) as web,
    ):
        for path in ("/", "/metrics", "/calls/a", "/-/healthy"):
            assert web.get(path).status_code == 200


def test_an_older_version_is_refused(tmp_path, certificate):
    context = trusting(certificate)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with port(tmp_path, certificate, min_version="TLS13") as url, pytest.raises(httpx.ConnectError):
        http_client.get(url, verify=context)


def test_plain_http_is_sent_to_https(tmp_path, certificate):
    with port(tmp_path, certificate) as url:
        answer = http_client.get(url.replace("https:", "http:"))
        assert (answer.status_code, answer.text) == (400, "This port speaks TLS. Use https.\n")
        assert http_client.get(url, verify=trusting(certificate)).status_code == 200


@pytest.mark.parametrize(
    "data", [b"\x16", b"\x16\x03\x01\x00\x05hello", b"\x16" + b"\xff" * 100_000]
)
def test_a_broken_handshake_is_closed_and_disturbs_nobody(tmp_path, certificate, data):
    with port(tmp_path, certificate) as url:
        with socket.create_connection(address(url)) as broken:
            with suppress(OSError):  # the port may close before it has read all of it
                broken.sendall(data)
                broken.shutdown(socket.SHUT_WR)
            assert b"HTTP" not in rest_of(broken)
        assert http_client.get(url, verify=trusting(certificate)).status_code == 200


UNFINISHED = pytest.mark.parametrize("data", [b"", b"\x16\x03\x01"])


@UNFINISHED
def test_a_slow_handshake_blocks_nobody(tmp_path, certificate, data):
    with (
        port(tmp_path, certificate) as url,
        socket.create_connection(address(url)) as slow,
    ):
        slow.sendall(data)
        assert http_client.get(url, verify=trusting(certificate)).status_code == 200


@UNFINISHED
def test_a_slow_handshake_is_ended(tmp_path, certificate, data, monkeypatch):
    monkeypatch.setattr(connections, "HEAD_TIMEOUT", 0.5)
    monkeypatch.setattr(tls_module, "HEAD_TIMEOUT", 0.5)
    with (
        port(tmp_path, certificate) as url,
        socket.create_connection(address(url)) as slow,
    ):
        slow.sendall(data)
        assert rest_of(slow) == b""


def test_many_slow_handshakes_do_not_keep_a_new_client_out(tmp_path, certificate):
    with port(tmp_path, certificate) as url:
        slow = [
            socket.create_connection(address(url)) for _ in range(connections.MOST_CONNECTIONS + 40)
        ]
        for each in slow[::2]:
            each.sendall(b"\x16\x03\x01")
        assert http_client.get(url, verify=trusting(certificate)).status_code == 200
        # The oldest were closed for the newer ones.
        assert rest_of(slow[0]) == rest_of(slow[1]) == b""
        for each in slow:
            each.close()


def test_a_request_in_small_pieces_is_answered(tmp_path, certificate):
    with port(tmp_path, certificate) as url:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = trusting(certificate).wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
        with socket.create_connection(address(url)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while not _done(client.do_handshake):
                _exchange(connection, incoming, outgoing)
            # The end of the handshake and the request leave together.
            client.write(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            _send(connection, outgoing, 7)
            answer = b""
            while b"Healthy." not in answer:
                incoming.write(_received(connection))
                answer += _read(client)
    assert answer.startswith(b"HTTP/1.1 200")


def _done(step):
    try:
        step()
    except ssl.SSLWantReadError:
        return False
    return True


def _exchange(connection, incoming, outgoing):
    _send(connection, outgoing, 5)
    incoming.write(_received(connection))


def _received(connection):
    data = connection.recv(65536)
    assert data, "the port closed the connection"
    return data


def _send(connection, outgoing, size):
    data = outgoing.read()
    for start in range(0, len(data), size):
        connection.sendall(data[start : start + size])


def _read(client):
    """All records that have come."""
    data = b""
    try:
        while chunk := client.read(65536):
            data += chunk
    except ssl.SSLWantReadError:
        return data
    return data


def test_a_large_page_arrives_whole(tmp_path, certificate):
    store = filled_store()
    given = access(tmp_path, tls_server_config=tls(certificate))
    page = b"x" * 8_000_000
    large = site(store, access=CurrentAccess(given), metrics=lambda _: (page, "text/plain"))
    with served(large) as url:
        answer = http_client.get(
            f"{url}/metrics",
            verify=trusting(certificate),
            headers={"Accept-Encoding": "identity"},
        )
        assert answer.content == page
    store.close()


def test_only_clients_with_a_certificate_get_in(tmp_path, certificate, client_certificate):
    more = {
        "client_ca_file": str(client_certificate.certificate),
        "client_auth_type": "RequireAndVerifyClientCert",
    }
    with port(tmp_path, certificate, **more) as url:
        known = trusting(certificate, client_certificate)
        assert http_client.get(url, verify=known).status_code == 200
        for stranger in (trusting(certificate), trusting(certificate, certificate)):
            with pytest.raises(httpx.TransportError):
                http_client.get(url, verify=stranger)


@pytest.mark.parametrize(
    ("name", "gets_in"), [("scraper.example.com", True), ("other.example.com", False)]
)
def test_the_name_in_the_certificate_decides(
    tmp_path, certificate, client_certificate, name, gets_in
):
    more = {
        "client_ca_file": str(client_certificate.certificate),
        "client_auth_type": "RequireAndVerifyClientCert",
        "client_allowed_sans": [name],
    }
    with port(tmp_path, certificate, **more) as url:
        context = trusting(certificate, client_certificate)
        if gets_in:
            assert http_client.get(url, verify=context).status_code == 200
        else:
            with pytest.raises(httpx.TransportError):
                http_client.get(url, verify=context)


def test_a_certificate_that_is_given_is_checked_and_none_is_fine(
    tmp_path, certificate, client_certificate
):
    more = {
        "client_ca_file": str(client_certificate.certificate),
        "client_auth_type": "VerifyClientCertIfGiven",
    }
    with port(tmp_path, certificate, **more) as url:
        for good in (trusting(certificate), trusting(certificate, client_certificate)):
            assert http_client.get(url, verify=good).status_code == 200
        with pytest.raises(httpx.TransportError):
            http_client.get(url, verify=trusting(certificate, certificate))


def test_the_port_begins_and_ends_tls_as_its_file_says(tmp_path, certificate):
    store = filled_store()
    found = [access(tmp_path)]
    current = CurrentAccess(found[0])
    with served(site(store, access=current)) as url:
        assert http_client.get(url).status_code == 200
        current._access = access(tmp_path, tls_server_config=tls(certificate))
        secure = url.replace("http:", "https:")
        assert http_client.get(secure, verify=trusting(certificate)).status_code == 200
        assert http_client.get(url).status_code == 400
    store.close()


@pytest.mark.filterwarnings("error")
def test_a_connection_that_is_dropped_as_tls_begins_leaves_nothing_open(
    tmp_path, certificate, monkeypatch
):
    begin = tls_module.Handshake.data_received

    def begin_and_abort(self, data):
        begin(self, data)
        self.abort()

    leaks = []
    monkeypatch.setattr("sys.unraisablehook", leaks.append)
    with port(tmp_path, certificate) as url:
        with monkeypatch.context() as dropping:
            dropping.setattr(tls_module.Handshake, "data_received", begin_and_abort)
            _drop(address(url))
        assert http_client.get(url, verify=trusting(certificate)).status_code == 200
    gc.collect()
    assert leaks == []


def _drop(where):
    for _ in range(5):
        with socket.create_connection(where) as dropped:
            dropped.sendall(b"\x16\x03\x01")
            assert rest_of(dropped) == b""
