"""Which host names and which web pages reach the pages with data, over a real socket."""

import pytest
from support import http_client
from support.rigs.web_site import ended, filled_store, recent_call, served, site

GUARDED = ("/", "/status", "/status?format=json", "/calls/", "/calls/a")
OPEN = ("/metrics", "/-/healthy", "/-/ready", "/style.css", "/icon.svg")


@pytest.fixture(scope="module")
def reloads():
    return []


@pytest.fixture(scope="module")
def web(reloads):
    store = filled_store(recent_call("a"))
    given = site(
        store,
        allowed_hosts=("ops.example.com",),
        reload=lambda: reloads.append(1) or ended(""),
        hook=lambda: None,
        hook_token="t",
    )
    with served(given) as url, http_client.client(base_url=url) as client:
        yield client
    store.close()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "10.1.2.3:9464", "[::1]", "[fe80::1]:9464", "localhost", "LOCALHOST:1",
        "localhost.", "ops.example.com", "OPS.example.com:443", "ops.example.com.",
    ],
)  # fmt: skip
def test_addresses_localhost_and_allowed_names_are_answered(web, host):
    for path in GUARDED:
        assert web.get(path, headers={"Host": host}).status_code == 200, path


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.com",
        "ops.example.com.evil.org",
        "localhost.evil.org",
        "[::1",
        "",
        "a@127.0.0.1@b",
    ],
)
def test_a_foreign_name_gets_no_data(web, host):
    for path in GUARDED:
        answer = web.get(path, headers={"Host": host})
        assert (answer.status_code, answer.headers["content-type"]) == (
            403, "text/plain; charset=utf-8",
        )  # fmt: skip
        assert "FUSE_OTEL_ALLOWED_HOSTS" in answer.text
    assert web.post("/-/reload", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("path", OPEN)
def test_probes_and_metrics_answer_to_every_name(web, path):
    assert web.get(path, headers={"Host": "anything.svc.cluster.local"}).status_code == 200


def test_the_webhook_answers_to_every_name_and_origin(web):
    headers = {"Host": "hooks.example.com", "Origin": "https://elsewhere.example.com"}
    assert web.post("/hooks/post-call?token=t", headers=headers).status_code == 202


@pytest.mark.parametrize(
    ("origin", "host", "passes"),
    [
        (None, "localhost:9464", True),
        ("http://localhost:9464", "localhost:9464", True),
        ("https://ops.example.com", "ops.example.com", True),
        ("https://ops.example.com", "127.0.0.1:9464", True),
        ("http://localhost:3000", "localhost:9464", False),
        ("http://192.0.2.1", "127.0.0.1:9464", False),
        ("https://evil.example.com", "ops.example.com", False),
        ("null", "localhost", False),
        ("", "localhost", False),
    ],
)
def test_only_our_own_pages_may_reload(web, reloads, origin, host, passes):
    reloads.clear()
    headers = {"Host": host} | ({} if origin is None else {"Origin": origin})
    assert web.post("/-/reload", headers=headers).status_code == (200 if passes else 403)
    assert len(reloads) == passes


def test_the_origin_of_a_page_that_is_only_read_does_not_matter(web):
    assert web.get("/status", headers={"Origin": "https://evil.example.com"}).status_code == 200


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"), ("deflate, GZIP;q=0.5", "gzip"), ("x-gzip", "gzip"), ("", None),
        ("identity", None), ("gzip;q=0", None), ("gzip; q=0.00", None), ("br", None),
    ],
)  # fmt: skip
def test_metrics_are_gzipped_when_requested(web, accepted, encoding):
    answer = web.get("/metrics", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == encoding
    assert "fuse_otel_outbox_bytes" in answer.text
    assert "accept-encoding" in answer.headers["vary"].lower()
