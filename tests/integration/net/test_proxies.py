"""Real requests of the API, of OTLP over HTTP and of OTLP over gRPC: through the proxy or directly,
all by the same answer.
"""

import socket
import threading

import pytest
from support.fakes.raw_http import RawServer, always, answer

from fuse_otel import net
from fuse_otel.core.batching.gzip_member import deflate
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.destinations.options import OtlpOptions
from fuse_otel.destinations.otlp_grpc import OtlpGrpc
from fuse_otel.destinations.otlp_http import OtlpHttp
from fuse_otel.errors import ConfigurationError, SourceError
from fuse_otel.events import unheard
from fuse_otel.source import ApiOptions, FuseApi

pytestmark = pytest.mark.usefixtures("no_proxy")
TRACES = Signal.TRACES


def _api(url):
    source = FuseApi("a", ApiOptions(f"{url}/api", "a@example.com", "k"), unheard, lambda: 0.0)
    try:
        source.list_calls(0, 1, number="", offset=0, limit=1)
    except SourceError:
        pass  # only where the request goes is of interest
    finally:
        source.close()


def _http(url):
    destination = OtlpHttp(OtlpOptions("d", {TRACES: f"{url}/v1/traces"}))
    destination.send(TRACES, deflate(b""), 0)
    destination.close()


def _grpc(url):
    destination = OtlpGrpc(OtlpOptions("d", {TRACES: url}))
    destination.send(TRACES, deflate(b""), 0)
    destination.close()


CLIENTS = {"api": _api, "http": _http, "grpc": _grpc}


@pytest.fixture(params=CLIENTS)
def request_to(request):
    return CLIENTS[request.param]


@pytest.mark.parametrize(
    ("environ", "url", "proxied"),
    [
        ({}, "http://127.0.0.1", False),
        ({"HTTP_PROXY": "PROXY"}, "http://127.0.0.1", True),
        ({"http_proxy": "PROXY"}, "http://127.0.0.1", True),
        ({"ALL_PROXY": "PROXY"}, "http://127.0.0.1", True),
        ({"HTTP_PROXY": "PROXY", "http_proxy": ""}, "http://127.0.0.1", False),
        ({"HTTPS_PROXY": "PROXY"}, "http://127.0.0.1", False),
        ({"HTTPS_PROXY": "PROXY"}, "https://127.0.0.1", True),
        ({"HTTP_PROXY": "PROXY"}, "https://127.0.0.1", False),
        ({"HTTP_PROXY": "PROXY", "NO_PROXY": "127.0.0.0/8"}, "http://127.0.0.1", False),
        ({"ALL_PROXY": "PROXY", "NO_PROXY": "fd00::/8, [::1]"}, "http://127.0.0.1", True),
        ({"HTTP_PROXY": "PROXY", "no_proxy": "7.0.0.1"}, "http://127.0.0.1", True),
        ({"NO_PROXY": "fd00::/8,[::1],10.0.0.0/99"}, "http://127.0.0.1", False),
        ({"HTTP_PROXY": "PROXY", "NO_PROXY": "*"}, "http://127.0.0.1", False),
    ],
)
def test_all_clients_take_the_same_way(monkeypatch, request_to, environ, url, proxied):
    refusal = always(answer(b"", "403 Forbidden"))
    with RawServer(refusal, connected=lambda _: None) as server, RawServer(refusal) as proxy:
        for name, value in environ.items():
            monkeypatch.setenv(name, value.replace("PROXY", proxy.url))
        with net.deadline(3.0):  # a server without TLS waits for the rest of the greeting
            request_to(f"{url}:{server.port}")
        assert (proxy.connections > 0, server.connections > 0) == (proxied, not proxied)


class _Hanging:
    """A server on IPv6 that closes each connection."""

    def __init__(self):
        self._listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
        self.port = self._listener.getsockname()[1]
        self.connections = 0
        self._thread = threading.Thread(target=self._accept)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed by __exit__
                return
            self.connections += 1
            connection.close()


@pytest.mark.parametrize("exceptions", ["[::1]", "::1", "::/64", "[::1]:PORT"])
def test_an_ipv6_address_in_no_proxy_is_connected_directly(monkeypatch, request_to, exceptions):
    with _Hanging() as server, RawServer(always(answer(b"", "403 Forbidden"))) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", exceptions.replace("PORT", str(server.port)))
        request_to(f"http://[::1]:{server.port}")
        assert server.connections > 0
        assert proxy.connections == 0


def test_a_proxy_gets_its_password_from_grpc(monkeypatch):
    with RawServer(always(answer(b"", "403 Forbidden"))) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("//", "//us%40er:p%3Aw@"))
        _grpc("http://back-end.example")
    assert proxy.heads[0].startswith("CONNECT back-end.example:80 ")
    assert "Proxy-Authorization: Basic dXNAZXI6cDp3" in proxy.heads[0]


def test_grpc_refuses_a_proxy_over_tls(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "https://proxy.example")
    with pytest.raises(ConfigurationError, match=r"^HTTPS_PROXY: gRPC cannot use"):
        _grpc("https://back-end.example")
