"""``fuse-otel health`` against a real port: plain, with TLS, with logins, and without an answer."""

import os

import pytest
from support.builders.web_files import access, hash_of, tls, write_web_file
from support.fakes.tls_files import make_certificate
from support.rigs.web_site import filled_store, served, site

from fuse_otel.cli import main
from fuse_otel.web.access import CurrentAccess


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"), "server")


@pytest.fixture
def health(tmp_path, monkeypatch, capsys):
    """Exit code and output of the command at a port with these keys of the web configuration."""
    for name in [name for name in os.environ if name.startswith(("FUSE_OTEL_", "OTEL_"))]:
        monkeypatch.delenv(name)

    def run(*words, host="127.0.0.1", healthy=(), ready=(), **keys):
        store = filled_store()
        given = site(
            store,
            health=lambda: healthy,
            readiness=lambda: ready,
            access=CurrentAccess(access(tmp_path, **keys)),
        )
        with served(given) as url:
            monkeypatch.setenv("FUSE_OTEL_LISTEN", f"{host}:{url.rpartition(':')[2]}")
            monkeypatch.setenv("FUSE_OTEL_WEB_CONFIG", str(write_web_file(tmp_path, **keys)))
            code = main(["health", *words])
        store.close()
        return code, capsys.readouterr().out

    return run


def test_a_healthy_daemon_is_0_and_one_line(health):
    assert health() == (0, "healthy\n")
    assert health("--ready") == (0, "ready\n")


def test_what_is_wrong_is_1_and_one_line(health):
    wrong = ["The loop poller main hangs.", "The store is unusable."]
    line = "503: The loop poller main hangs. The store is unusable.\n"
    assert health(healthy=wrong) == (1, line)
    assert health("--ready", ready=wrong) == (1, line)
    assert health(ready=wrong) == (0, "healthy\n")


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "localhost"])
def test_every_address_is_reached_by_the_loopback_address(health, host):
    assert health(host=host) == (0, "healthy\n")


def test_it_needs_no_password(health):
    assert health(basic_auth_users={"ops": hash_of("x")}) == (0, "healthy\n")


def test_it_needs_no_bearer_token(health, tmp_path):
    (tmp_path / "token").write_text("let-me-in")
    assert health("--ready", bearer_token_file="token") == (0, "ready\n")


def test_it_speaks_tls(health, certificate):
    keys = {"tls_server_config": tls(certificate), "basic_auth_users": {"ops": hash_of("x")}}
    assert health(**keys) == (0, "healthy\n")


def test_it_shows_the_certificate_of_the_daemon_where_clients_need_one(health, certificate):
    more = {
        "client_ca_file": str(certificate.certificate),
        "client_auth_type": "RequireAndVerifyClientCert",
    }
    assert health(tls_server_config=tls(certificate, **more)) == (0, "healthy\n")


def test_no_daemon_is_1(monkeypatch, capsys, shut_port):
    monkeypatch.setenv("FUSE_OTEL_LISTEN", f"127.0.0.1:{shut_port}")
    assert main(["health"]) == 1
    assert capsys.readouterr().out == (
        f"No answer from 127.0.0.1:{shut_port}: Connection refused.\n"
    )


def test_a_port_that_is_not_known_is_1(monkeypatch, capsys):
    monkeypatch.setenv("FUSE_OTEL_LISTEN", "127.0.0.1:0")
    assert main(["health"]) == 1
    assert "port is not known" in capsys.readouterr().out


def test_a_wrong_configuration_is_1(monkeypatch, capsys):
    monkeypatch.setenv("FUSE_OTEL_SINCE", "yesterday")
    assert main(["health"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("The configuration is not valid: FUSE_OTEL_SINCE")
    assert len(out.splitlines()) == 1
