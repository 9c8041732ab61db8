"""The standard variables for proxies, read for HTTP and gRPC alike."""

import pytest

from fuse_otel.errors import ConfigurationError
from fuse_otel.net import Proxies, client

A, B, C = "http://a:3128", "http://b:3128", "http://c:3128"


def route(environ, url, first=""):
    scheme, _, rest = url.partition("://")
    host, _, port = rest.rpartition(":")
    proxy = Proxies(environ, first).of(scheme, host, int(port))
    return proxy and proxy.url


@pytest.mark.parametrize(
    ("environ", "http", "https"),
    [
        ({}, None, None),
        ({"HTTP_PROXY": A}, A, None),
        ({"HTTPS_PROXY": A}, None, A),
        ({"HTTP_PROXY": A, "HTTPS_PROXY": B}, A, B),
        ({"ALL_PROXY": C}, C, C),
        ({"ALL_PROXY": C, "HTTPS_PROXY": B}, C, B),
        ({"http_proxy": A, "HTTP_PROXY": B}, A, None),
        ({"http_proxy": "", "HTTP_PROXY": B}, None, None),
        ({"http_proxy": "", "HTTP_PROXY": B, "all_proxy": C}, C, C),
        ({"HTTP_PROXY": " ", "HTTPS_PROXY": ""}, None, None),
        ({"HTTP_PROXY": "a:3128"}, A, None),
        ({"HTTP_PROXY": "http://a:3128/"}, A, None),
        ({"HTTPS_PROXY": "https://[::1]:3128"}, None, "https://[::1]:3128"),
        ({"HTTPS_PROXY": "http://us%40er:p%3Aw@a:3128"}, None, "http://us%40er:p%3Aw@a:3128"),
        ({"HTTP_PROXY": A, "HTTPS_PROXY": A, "NO_PROXY": "*"}, None, None),
        ({"HTTP_PROXY": A, "NO_PROXY": "other.example, *"}, None, None),
        ({"HTTP_PROXY": A, "grpc_proxy": B}, A, None),
    ],
)
def test_the_proxy_of_a_scheme(environ, http, https):
    assert route(environ, "http://back-end.example:80") == http
    assert route(environ, "https://back-end.example:443") == https


@pytest.mark.parametrize(
    ("exceptions", "direct", "proxied"),
    [
        ("", [], ["h.example:1", "127.0.0.1:1", "[::1]:1"]),
        ("h.example", ["h.example:1", "a.h.example:1", "H.EXAMPLE.:1"], ["ah.example:1"]),
        (".h.example", ["a.h.example:1", "a.b.h.example:1"], ["h.example:1", "ah.example:1"]),
        ("*.h.example", ["a.h.example:1"], ["h.example:1"]),
        ("localhost", ["localhost:1"], ["127.0.0.1:1", "mylocalhost:1"]),
        ("h.example:4318", ["h.example:4318"], ["h.example:4317"]),
        ("http://h.example", ["h.example:1"], ["g.example:1"]),
        ("https://h.example", [], ["h.example:1"]),
        ("a.example,,h.example ", ["a.example:1", "h.example:1"], ["b.example:1"]),
        ("a.example h.example", ["a.example:1", "h.example:1"], ["b.example:1"]),
        ("127.0.0.1", ["127.0.0.1:1", "[::ffff:127.0.0.1]:1"], ["127.0.0.10:1"]),
        ("2.3.4", [], ["1.2.3.4:1"]),
        ("1.2.3.4", ["1.2.3.4:1"], ["11.2.3.4:1"]),
        ("127.0.0.1:4318", ["127.0.0.1:4318"], ["127.0.0.1:4317"]),
        ("10.0.0.0/8", ["10.1.2.3:1"], ["11.1.2.3:1", "h10.example:1", "[::1]:1"]),
        ("10.9.8.7/8", ["10.1.2.3:1"], ["11.1.2.3:1"]),
        ("0.0.0.0/0", ["10.1.2.3:1"], ["[::1]:1", "h.example:1"]),
        ("::1", ["[::1]:1", "[0:0:0:0:0:0:0:1]:1"], ["[::2]:1", "127.0.0.1:1"]),
        ("[::1]", ["[::1]:1"], ["[::2]:1"]),
        ("[::1]:4318", ["[::1]:4318"], ["[::1]:4317"]),
        ("fd00::/8", ["[fd12::1]:1"], ["[fe80::1]:1", "10.0.0.1:1"]),
        ("[fd00::]/8", ["[fd12::1]:1"], ["[fe80::1]:1"]),
        ("fe80::/10", ["[fe80::1%eth0]:1", "[fe80::1%25eth0]:1"], ["[fd00::1]:1"]),
        ("BÜCHER.example", ["xn--bcher-kva.example:1"], ["bucher.example:1"]),
        ("xn--bcher-kva.example", ["bücher.example:1"], []),
        ("10.0.0.0/99,fd00::/200,[::1,a:b:c,//,h.example/8", [], ["10.0.0.1:1", "h.example:1"]),
        ("." * 70, [], ["h.example:1"]),
    ],
)
def test_no_proxy(exceptions, direct, proxied):
    environ = {"HTTP_PROXY": A, "NO_PROXY": exceptions}
    for host in direct:
        assert route(environ, f"http://{host}") is None, host
    for host in proxied:
        assert route(environ, f"http://{host}") == A, host


def test_the_lower_case_name_of_no_proxy_goes_first():
    environ = {"HTTP_PROXY": A, "no_proxy": "a.example", "NO_PROXY": "b.example"}
    assert route(environ, "http://a.example:1") is None
    assert route(environ, "http://b.example:1") == A


def test_grpc_has_variables_of_its_own():
    environ = {"https_proxy": A, "grpc_proxy": B, "no_proxy": "a", "no_grpc_proxy": "b"}
    assert route(environ, "https://a:1", "grpc") == B
    assert route(environ, "https://b:1", "grpc") is None
    assert route(environ, "https://a:1") is None


def test_the_parts_of_a_proxy_for_grpc():
    (proxy,) = Proxies({"HTTPS_PROXY": "http://us%40er:p%3Aw@[::1]"})
    assert (proxy.address, proxy.credentials) == ("[::1]:80", "us@er:p:w")
    assert "p%3Aw" not in repr(proxy)


@pytest.mark.parametrize(
    "proxy",
    ["socks5://127.0.0.1:1", "gopher://user:hunter2@host", "http://host:port", "http://h:99999",
     "http://", "http://[::1", "http://us er:hunter2@h", "http://h\x7f", "http://hü.example",
     "ipv6:[::1]:1", "http://a:b:c", "http://a@b@c:x"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["ALL_PROXY", "https_proxy"])
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(monkeypatch, name, proxy):
    for other in ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(other, raising=False)
        monkeypatch.delenv(other.lower(), raising=False)
    monkeypatch.setenv(name, proxy)
    with pytest.raises(ConfigurationError, match=rf"^{name}: Not a proxy") as caught:
        client()
    assert "hunter2" not in repr(caught.value)
    assert not caught.value.__cause__
