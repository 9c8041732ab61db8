"""The web configuration file: what it may hold, and what is refused, all at once."""

import ssl
from pathlib import Path

import pytest
from support.builders.loaded_settings import ACCOUNT, problems
from support.builders.web_files import hash_of, tls, write_web_file
from support.fakes.tls_files import make_certificate

from fuse_otel.config import load
from fuse_otel.config.file.web_config import read_web_config

HASH = hash_of("x")
NAME = "FUSE_OTEL_WEB_CONFIG"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"), "server")


def refused(file):
    return problems({NAME: str(file)})


def test_a_file_with_every_key(tmp_path, certificate):
    (tmp_path / "token").write_text("let-me-in\n")
    file = write_web_file(
        tmp_path,
        tls_server_config=tls(
            certificate,
            client_ca_file=str(certificate.certificate),
            client_auth_type="RequireAndVerifyClientCert",
            client_allowed_sans=["prometheus.example.com"],
            min_version="TLS13",
            max_version="TLS13",
            cipher_suites=["TLS_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
            prefer_server_cipher_suites=False,
        ),
        http_server_config={"http2": False, "headers": {"x-frame-options": "deny"}},
        basic_auth_users={"ops": HASH, "7": HASH},
        bearer_token_file="token",
        open_paths=["/-/healthy", "/metrics"],
    )
    found = load(environ={**ACCOUNT, NAME: str(file)}).settings.web_config
    assert (found.path, found.users, found.token) == (
        str(file), {"ops": HASH, "7": HASH}, "let-me-in",
    )  # fmt: skip
    assert found.open_paths == {"/-/healthy", "/metrics"}
    assert found.headers == {"X-Frame-Options": "deny"}
    assert found.client_names == ("prometheus.example.com",)
    assert found.tls.minimum_version == found.tls.maximum_version == ssl.TLSVersion.TLSv1_3
    assert found.tls.verify_mode == ssl.CERT_REQUIRED
    assert not found.tls.options & ssl.OP_CIPHER_SERVER_PREFERENCE
    assert "ECDHE-RSA-AES256-GCM-SHA384" in {each["name"] for each in found.tls.get_ciphers()}
    assert set(found.stamps) == {
        str(file), str(tmp_path / "token"), str(certificate.certificate), str(certificate.key),
    }  # fmt: skip
    assert found.has_login
    assert HASH not in repr(found)
    assert "let-me-in" not in repr(found)


@pytest.mark.parametrize("text", ["", "# nothing\n", "basic_auth_users:\n", "{}"])
def test_an_empty_file_asks_for_nothing(tmp_path, text):
    file = tmp_path / "web.yaml"
    file.write_text(text)
    found = read_web_config(str(file))
    assert (found.tls, found.has_login, found.users) == (None, False, {})


def test_all_problems_are_reported_at_once(tmp_path, certificate):
    file = write_web_file(
        tmp_path,
        foo=1,
        tls_server_config=tls(certificate, key_file="none.pem", min_version="TLS10", bar=2),
        http_server_config={"headers": {"X-Other": "1"}},
        basic_auth_users={"alice": "secret", "bob": HASH.replace("$04$", "$31$"), "a:b": HASH},
        bearer_token_file="nowhere",
        open_paths=["/calls/"],
    )
    starts = [
        "tls_server_config.key_file: Cannot read the file: No such file or directory.",
        'tls_server_config.min_version: "TLS10" is not supported. Use TLS12, TLS13.',
        "tls_server_config: Unknown setting `bar`. Remove it.",
        'http_server_config.headers: The header "X-Other" cannot be set. Use one of: Content-',
        'basic_auth_users: "alice": Not a bcrypt hash. Make one with `htpasswd -nBC 10 NAME`.',
        'basic_auth_users: "bob": The cost of the bcrypt hash is 31. Use 4 to 14: every step',
        'basic_auth_users: "a:b": A user name is not empty and has no colon.',
        "bearer_token_file: Cannot read the file: No such file or directory.",
        'open_paths: "/calls/" cannot be open without a login. Use /-/healthy, /-/ready, /metrics.',
        "Unknown setting `foo`. Remove it.",
    ]
    for problem, start in zip(refused(file), starts, strict=True):
        assert problem.startswith(f"{NAME}: {start}")


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"tls_server_config": {"key_file": "k"}}, "tls_server_config.cert_file: This setting is"),
        ({"tls_server_config": []}, "tls_server_config: Must be a table."),
        ({"basic_auth_users": ["a"]}, "basic_auth_users: Must be a table."),
        ({"basic_auth_users": {"a": {"b": "c"}}}, 'basic_auth_users: "a": Not a bcrypt hash.'),
        ({"open_paths": "/metrics"}, "open_paths: Must be a list."),
        ({"http_server_config": {"headers": ["a"]}}, "http_server_config.headers: Must be a table"),
        ({"http_server_config": {"http2": "x"}}, 'http_server_config.http2: "x" is not supported'),
        (
            {"http_server_config": {"headers": {"X-Frame-Options": "all"}}},
            "http_server_config.headers: X-Frame-Options must be deny or sameorigin.",
        ),
        (
            {"http_server_config": {"headers": {"Content-Security-Policy": "a\nb"}}},
            "http_server_config.headers: Content-Security-Policy must be one line of ASCII text.",
        ),
    ],
)
def test_a_key_of_another_form_is_a_sentence(tmp_path, keys, sentence):
    assert any(each.startswith(f"{NAME}: {sentence}") for each in refused(
        write_web_file(tmp_path, **keys)
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"client_auth_type": "RequireAnyClientCert"}, '.client_auth_type: "RequireAnyClientCert"'),
        ({"client_auth_type": "RequireAndVerifyClientCert"}, ".client_ca_file: Set it together"),
        ({"client_allowed_sans": ["a"]}, ".client_allowed_sans: It needs client_auth_type"),
        ({"client_allowed_sans": "a"}, ".client_allowed_sans: Must be a list of texts."),
        ({"min_version": "TLS13", "max_version": "TLS12"}, ".min_version: It is higher than"),
        ({"cipher_suites": ["TLS_RSA_WITH_RC4_128_SHA"]}, '.cipher_suites: "TLS_RSA_WITH_RC4'),
        ({"cipher_suites": "x"}, ".cipher_suites: Must be a list."),
    ],
)
def test_tls_that_cannot_be_had_is_refused(tmp_path, certificate, more, sentence):
    file = write_web_file(tmp_path, tls_server_config=tls(certificate, **more))
    assert any(each.startswith(f"{NAME}: tls_server_config{sentence}") for each in refused(file))


def test_files_that_are_no_certificates_are_refused(tmp_path, certificate):
    other = make_certificate(tmp_path, "other")
    text = tmp_path / "text.pem"
    text.write_text("no PEM")
    both = {"client_ca_file": "text.pem", "client_auth_type": "VerifyClientCertIfGiven"}
    mixed = tls(certificate, key_file=str(other.key), **both)
    names = f"{NAME}: tls_server_config.cert_file, key_file"
    assert list(refused(write_web_file(tmp_path, tls_server_config=mixed))) == [
        f"{names}: The certificate and the key do not belong together.",
        f"{NAME}: tls_server_config.client_ca_file: It is not a PEM file with certificates.",
    ]
    wrong = tls(certificate, cert_file="text.pem")
    (problem,) = refused(write_web_file(tmp_path, tls_server_config=wrong))
    assert problem.startswith(f"{names}: The files are not a certificate and its key in PEM")


def test_a_key_with_a_password_is_refused_without_a_prompt(tmp_path):
    locked = make_certificate(tmp_path, "locked", password="four")
    (problem,) = refused(write_web_file(tmp_path, tls_server_config=tls(locked)))
    assert problem.endswith("or the key has a password.")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a: b: c", "Not valid YAML in line 1."),
        (b"open_paths: []\nopen_paths: []", "Not valid YAML in line 2: The key is there twice."),
        (b"? [a]\n: b", "Not valid YAML in line 1: A key must be text."),
        (b"a: &x [*x]", "Not valid YAML: It is nested too deeply."),
        (b"[" * 1200, "Not valid YAML: It is nested too deeply."),
        (b"a: \x01", "Not valid YAML: A character is not allowed."),
        (b"\xff\xfe\x00", "Not UTF-8 text."),
        (b"- a", "Must be a table of keys."),
        (b"# " + b"x" * (256 * 1024), "The file is larger than 256 KiB."),
    ],
)
def test_what_is_no_file_of_this_kind_is_one_sentence(tmp_path, content, sentence):
    file = tmp_path / "web.yaml"
    file.write_bytes(content)
    assert list(refused(file)) == [f"{NAME}: {sentence}"]


def test_a_file_that_is_missing_is_named():
    assert list(refused("/nowhere/web.yaml")) == [
        f"{NAME}: Cannot read the file: No such file or directory."
    ]


def test_relative_paths_begin_at_the_folder_of_the_file(tmp_path, monkeypatch):
    (tmp_path / "etc").mkdir()
    made = make_certificate(tmp_path / "etc", "server")
    names = {"cert_file": made.certificate.name, "key_file": made.key.name}
    write_web_file(tmp_path / "etc", tls_server_config=names)
    monkeypatch.chdir(tmp_path)
    assert read_web_config("etc/web.yaml").tls is not None


@pytest.mark.parametrize(
    ("listen", "warns"), [("127.0.0.1:0", False), ("[::1]:0", False), ("0.0.0.0:0", True)]
)
def test_passwords_over_plain_http_give_a_warning(tmp_path, listen, warns):
    file = write_web_file(tmp_path, basic_auth_users={"ops": HASH})
    found = load(environ={**ACCOUNT, NAME: str(file), "FUSE_OTEL_LISTEN": listen})
    assert any(each.startswith("web_config: Plain http") for each in found.warnings) == warns


def test_a_short_token_gives_a_warning(tmp_path):
    token = tmp_path / "token"
    file = write_web_file(tmp_path, bearer_token_file="token")
    for text, warns in (("short", True), ("x" * 16, False)):
        token.write_text(text)
        found = load(environ={**ACCOUNT, NAME: str(file)})
        assert any("bearer token" in each for each in found.warnings) == warns


def test_the_effective_configuration_names_the_file_and_not_what_is_in_it(tmp_path):
    file = write_web_file(tmp_path, basic_auth_users={"ops": HASH})
    settings = load(environ={**ACCOUNT, NAME: str(file)}).settings
    shown = settings.model_dump_json()
    assert str(Path(file)) in shown
    assert HASH not in shown
