"""The daemon with TLS and logins, scraped by the real Prometheus, and with a file that changes."""

import os
import ssl

import pytest
from support import http_client
from support.builders.web_files import hash_of, tls, write_web_file
from support.fakes.tls_files import make_certificate
from support.peers.account import account
from support.peers.program_of import program
from support.peers.prometheus import Prometheus
from support.peers.waiting import wait_for
from support.rigs.program import fuse_otel, running

pytestmark = pytest.mark.slow

RIGHT = ("prometheus", "scrape")


def scraping(certificate, password):
    return {
        "scheme": "https",
        "tls_config": {"ca_file": str(certificate.certificate)},
        "basic_auth": {"username": RIGHT[0], "password": password},
    }


def test_prometheus_scrapes_over_tls_with_a_login(tmp_path, tenant, shut_port):
    certificate = make_certificate(tmp_path, "server")
    keys = {
        "tls_server_config": tls(certificate),
        "basic_auth_users": {RIGHT[0]: hash_of(RIGHT[1])},
    }
    file = write_web_file(tmp_path, **keys)
    trusted = ssl.create_default_context(cafile=certificate.certificate)
    with account(tenant, tmp_path, 5) as calls:
        env = calls.settings(f"http://127.0.0.1:{shut_port}") | {"FUSE_OTEL_WEB_CONFIG": str(file)}
        with running(env=env, folder=tmp_path) as daemon:
            target = daemon.url.removeprefix("http://").rstrip("/")
            good = scraping(certificate, RIGHT[1])
            with Prometheus(
                program("prometheus"), tmp_path / "good", target, access=good
            ) as scraper:
                wait_for(lambda: value(scraper, "up") == "1", "a scrape with the login")
                wait_for(lambda: scraper.query("fuse_otel_build_info"), "our metrics")
            bad = scraping(certificate, "wrong")
            with Prometheus(program("prometheus"), tmp_path / "bad", target, access=bad) as scraper:
                wait_for(lambda: value(scraper, "up") == "0", "a scrape with a wrong password")

            # A bad file keeps the old one, and is reported as a failed reload.
            file.write_text("basic_auth_users: {ops: no hash}")
            pages = {"verify": trusted, "auth": RIGHT}
            assert http_client.get(f"https://{target}/status", **pages).status_code == 200
            metrics = http_client.get(f"https://{target}/metrics", **pages).text
            assert "fuse_otel_config_last_reload_successful 0.0" in metrics
            failed = http_client.post(f"https://{target}/-/reload", **pages)
            assert (failed.status_code, "FUSE_OTEL_WEB_CONFIG" in failed.text) == (500, True)
            assert fuse_otel("check", env=env).returncode == os.EX_CONFIG

            # A new certificate and user count at once, without a reload.
            renewed = make_certificate(tmp_path, "renewed")
            keys |= {"tls_server_config": tls(renewed), "basic_auth_users": {"new": hash_of("n")}}
            write_web_file(tmp_path, **keys)
            pages = {
                "verify": ssl.create_default_context(cafile=renewed.certificate),
                "auth": ("new", "n"),
            }
            metrics = http_client.get(f"https://{target}/metrics", **pages).text
            assert "fuse_otel_config_last_reload_successful 1.0" in metrics

            # TLS and logins do not go by a change of the file, which may be half written. After a
            # reload the port is the same, and in plain text if the file says so.
            write_web_file(tmp_path)
            trusted = {"verify": pages["verify"]}
            assert http_client.get(f"https://{target}/status", **trusted).status_code == 401
            assert http_client.post(f"https://{target}/-/reload", **pages).status_code == 200
            assert http_client.get(f"http://{target}/status").status_code == 200


def value(scraper, expression):
    return next((each["value"][1] for each in scraper.query(expression)), None)
