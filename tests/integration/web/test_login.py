"""Logins at the port, over a real socket."""

import base64
from functools import partial
from itertools import count, takewhile

import pytest
from support import http_client
from support.builders.web_files import access, hash_of, write_web_file
from support.rigs.web_site import filled_store, recent_call, served, site

from fuse_otel.config.file.web_config import read_web_config
from fuse_otel.events import LoginRefused
from fuse_otel.web import login
from fuse_otel.web.access import PROBES, CurrentAccess

PAGES = ("/", "/status", "/calls/", "/calls/a", "/metrics", "/style.css", "/none", *sorted(PROBES))
RIGHT = ("ops", "right")
USERS = {"ops": hash_of("right"), "bjørn": hash_of("pass:wørd")}


@pytest.fixture
def at(tmp_path):
    """A client of a port with that web configuration file."""
    opened = []

    def make(**keys):
        store = filled_store(recent_call("a"))
        given = site(
            store,
            access=CurrentAccess(access(tmp_path, **keys)),
            hook=lambda: None,
            emit=make.events.append,
            hook_token="hook-token",
        )
        running = served(given)
        client = http_client.client(base_url=running.__enter__())
        opened.append((running, client, store))
        return client

    make.events = []
    yield make
    for running, client, store in opened:
        client.close()
        running.__exit__(None, None, None)
        store.close()


def test_every_page_needs_the_login(at):
    web = at(basic_auth_users=USERS)
    for path in PAGES:
        refused = web.get(path)
        assert (refused.status_code, refused.text) == (401, "This page needs a login.\n"), path
        assert refused.headers["www-authenticate"] == 'Basic realm="fuse-otel", charset="UTF-8"'
        assert refused.headers["x-content-type-options"] == "nosniff"
        assert web.get(path, auth=RIGHT).status_code == (404 if path == "/none" else 200), path
    assert web.post("/-/reload").status_code == 401
    assert web.post("/-/reload", auth=RIGHT).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        "Basic", "Basic !", "Basic " + base64.b64encode(b"ops").decode(),
        "Basic " + base64.b64encode(b"ops:wrong").decode(),
        "Digest " + base64.b64encode(b"ops:right").decode(),
        "Bearer right", "b\xe4sic x",
    ],
)  # fmt: skip
def test_any_other_header_is_no_login(at, given):
    web = at(basic_auth_users=USERS)
    headers = {b"Authorization": given.encode("latin-1")}
    assert web.get("/status", headers=headers).status_code == 401


def test_names_and_passwords_are_utf_8_and_the_scheme_has_no_case(at):
    web = at(basic_auth_users=USERS)
    pair = base64.b64encode("bjørn:pass:wørd".encode()).decode()
    assert web.get("/status", headers={"Authorization": f"bASIC {pair}"}).status_code == 200


def test_a_bearer_token_is_a_login(at, tmp_path):
    (tmp_path / "token").write_text("let-me-in\n")
    web = at(bearer_token_file="token")
    assert web.get("/status").headers["www-authenticate"] == "Bearer"
    assert web.get("/status", auth=RIGHT).status_code == 401
    for given, code in (("Bearer let-me-in", 200), ("Bearer let-me", 401), ("Bearer", 401)):
        assert web.get("/status", headers={"Authorization": given}).status_code == code


def test_users_and_a_token_are_two_ways(at, tmp_path):
    (tmp_path / "token").write_text("let-me-in")
    web = at(bearer_token_file="token", basic_auth_users=USERS)
    assert web.get("/metrics", auth=RIGHT).status_code == 200
    headers = {"Authorization": "Bearer let-me-in"}
    assert web.get("/metrics", headers=headers).status_code == 200


def test_open_paths_need_no_login(at):
    web = at(basic_auth_users=USERS, open_paths=["/-/healthy", "/metrics"])
    assert {path for path in PAGES if web.get(path).status_code == 200} == {
        "/-/healthy", "/metrics",
    }  # fmt: skip
    assert web.get("/metrics/").status_code == 401
    assert web.get("//metrics").status_code == 401


def test_the_webhook_keeps_its_own_token(at):
    web = at(basic_auth_users=USERS)
    assert web.post("/hooks/post-call").status_code == 401
    assert web.post("/hooks/post-call", auth=RIGHT).status_code == 401
    assert web.post("/hooks/post-call?token=hook-token").status_code == 202
    assert web.get("/status?token=hook-token").status_code == 401


def test_the_token_of_the_probes_opens_the_probes_alone(at, tmp_path):
    web = at(basic_auth_users=USERS)
    token = access(tmp_path, basic_auth_users=USERS).probe_token
    headers = {"Authorization": f"Bearer {token}"}
    assert {path for path in PAGES if web.get(path, headers=headers).status_code == 200} == PROBES


def test_too_many_wrong_passwords_get_429_and_a_known_login_does_not(at, monkeypatch):
    # A try that comes back with time may come back between any two requests.
    monkeypatch.setattr(login, "_Tries", partial(login._Tries, lambda: 0.0))
    web = at(basic_auth_users=USERS)
    assert web.get("/metrics", auth=RIGHT).status_code == 200
    tries = (web.get("/metrics", auth=("ops", f"{number}")) for number in count())
    wrong = list(takewhile(lambda answer: answer.status_code == 401, tries))
    assert len(wrong) == login._BURST
    busy = next(tries)
    assert (busy.status_code, busy.headers["retry-after"]) == (429, "6")
    assert web.get("/metrics", auth=RIGHT).status_code == 200
    # The first request that was too many was taken by the loop above.
    assert web.get("/status").status_code == 401
    assert at.events == [LoginRefused(401)] * len(wrong) + [LoginRefused(429)] * 2


def test_headers_of_the_file_are_added_and_cannot_loosen_ours(at):
    web = at(http_server_config={
        "headers": {"X-Frame-Options": "deny", "Content-Security-Policy": "default-src *"}
    })  # fmt: skip
    headers = web.get("/none").headers
    assert headers["x-frame-options"] == "deny"
    policies = headers.get_list("content-security-policy")
    assert len(policies) == 2
    assert policies[0].startswith("default-src 'none'")


def test_users_that_change_in_the_file_count_at_once(tmp_path):
    file = write_web_file(tmp_path, basic_auth_users=USERS)
    store = filled_store()
    current = CurrentAccess(read_web_config(str(file)), lambda: read_web_config(str(file)))
    with served(site(store, access=current)) as url:
        assert http_client.get(f"{url}/status", auth=RIGHT).status_code == 200
        write_web_file(tmp_path, basic_auth_users={"ops": hash_of("changed")})
        assert http_client.get(f"{url}/status", auth=RIGHT).status_code == 401
        assert http_client.get(f"{url}/status", auth=("ops", "changed")).status_code == 200
    store.close()


@pytest.mark.parametrize("content", ["", "{}", "basic_auth_users: {}", "open_paths: [/metrics]"])
def test_a_file_that_loses_its_logins_keeps_the_port_closed_and_says_so(tmp_path, content):
    file = write_web_file(tmp_path, basic_auth_users=USERS)
    store, heard = filled_store(), []
    first = read_web_config(str(file))
    current = CurrentAccess(first, lambda: read_web_config(str(file)), heard.append)
    with served(site(store, access=current)) as url:
        file.write_text(content)
        assert http_client.get(f"{url}/status").status_code == 401
        assert http_client.get(f"{url}/status", auth=RIGHT).status_code == 200
        assert [event.successful for event in heard] == [False]
        write_web_file(tmp_path, basic_auth_users={"ops": hash_of("changed")})
        assert http_client.get(f"{url}/status", auth=("ops", "changed")).status_code == 200
    store.close()
