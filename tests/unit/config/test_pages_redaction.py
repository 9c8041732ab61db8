"""What the pages may show: no more than what is sent, and only to those who log in."""

import pytest
from support.builders.loaded_settings import ACCOUNT, problems, settings, write_toml
from support.builders.web_files import hash_of, tls, write_web_file
from support.fakes.tls_files import make_certificate

from fuse_otel.assembly.parts import model_options
from fuse_otel.assembly.service import current_access
from fuse_otel.config import load
from fuse_otel.core.model.redaction_policy import Mode
from fuse_otel.events import ConfigReloaded

NAME = "FUSE_OTEL_PAGES_REDACTION"
NO_LOGIN = (
    f"{NAME}: Pages that show more than strict need a login. Set FUSE_OTEL_WEB_CONFIG to a file"
    " with basic_auth_users, bearer_token_file or RequireAndVerifyClientCert."
)


@pytest.fixture
def login(tmp_path):
    return str(write_web_file(tmp_path, basic_auth_users={"ops": hash_of("x")}))


def environ(shown, sent="standard", web=""):
    return {NAME: shown, "FUSE_OTEL_REDACTION": sent, "FUSE_OTEL_WEB_CONFIG": web}


def test_the_pages_are_strict_by_default_whatever_is_sent():
    assert model_options(settings({"FUSE_OTEL_REDACTION": "off"})).pages_redaction is Mode.STRICT


def test_they_may_show_what_is_sent_behind_a_login(login):
    for shown, sent in (("standard", "standard"), ("standard", "off"), ("off", "off")):
        found = settings(environ(shown, sent, login))
        assert model_options(found).pages_redaction == shown


def test_they_may_not_show_more_than_what_is_sent(login):
    for shown, sent in (("standard", "strict"), ("off", "standard"), ("off", "strict")):
        assert list(problems(environ(shown, sent, login))) == [
            f"{NAME}: The pages must not show more than what is sent. Use {sent}."
        ]


def test_what_the_destinations_are_sent_counts(tmp_path, login):
    destination = '[[destinations]]\nname = "{}"\ntype = "console"\nredaction = "{}"\n'
    strict = destination.format("a", "strict")
    file = write_toml(tmp_path, strict)
    (problem,) = problems(environ("standard", "off", login), config_file=file)
    assert problem.endswith("Use strict.")
    file = write_toml(tmp_path, strict + destination.format("b", "standard"))
    loaded = load(environ=ACCOUNT | environ("standard", "strict", login), config_file=file)
    assert loaded.settings.pages_redaction is Mode.STANDARD


def test_without_a_login_they_stay_strict(tmp_path):
    assert list(problems(environ("standard"))) == [NO_LOGIN]
    certificate = make_certificate(tmp_path, "server")
    only_tls = write_web_file(tmp_path, tls_server_config=tls(certificate))
    assert list(problems(environ("standard", web=str(only_tls)))) == [NO_LOGIN]
    assert settings(environ("strict", web=str(only_tls))).pages_redaction is Mode.STRICT


def test_certificates_of_clients_are_a_login(tmp_path):
    certificate = make_certificate(tmp_path, "server")
    more = {
        "client_ca_file": str(certificate.certificate),
        "client_auth_type": "RequireAndVerifyClientCert",
    }
    web = write_web_file(tmp_path, tls_server_config=tls(certificate, **more))
    assert settings(environ("standard", web=str(web))).pages_redaction is Mode.STANDARD


def test_a_file_that_loses_its_login_is_not_taken(tmp_path, login):
    events = []
    access = current_access(settings(environ("standard", web=login)), events.append)
    write_web_file(tmp_path)
    assert access().needs_login
    assert [(each.successful, each.message) for each in events] == [(False, NO_LOGIN)]


def test_a_bad_new_file_keeps_the_old_one_with_all_its_problems(tmp_path, login):
    events = []
    access = current_access(settings(environ("strict", web=login)), events.append)
    write_web_file(tmp_path, foo=1, basic_auth_users={"ops": "secret"})
    assert access().users
    (event,) = events
    first, second = event.message.splitlines()
    assert first.startswith('FUSE_OTEL_WEB_CONFIG: basic_auth_users: "ops": Not a bcrypt hash.')
    assert second.startswith("FUSE_OTEL_WEB_CONFIG: Unknown setting `foo`.")
    write_web_file(tmp_path, basic_auth_users={"new": hash_of("y")})
    assert set(access().users) == {"new"}
    assert events[1:] == [ConfigReloaded(successful=True, message="")]


def test_without_a_file_the_port_is_open():
    assert not current_access(settings(), lambda _: None)().needs_login
