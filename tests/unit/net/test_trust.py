"""The authorities that TLS trusts by default."""

import os
import shutil
import ssl

import pytest

from fuse_otel.errors import ConfigurationError
from fuse_otel.net import client, default_authorities, default_trust


def problem(**environ):
    with pytest.raises(ConfigurationError) as caught:
        default_trust(environ)
    return str(caught.value)


def test_by_default_the_known_authorities_are_trusted():
    assert len(default_trust({}).get_ca_certs()) > 50


@pytest.fixture
def certificate(tmp_path):
    file = tmp_path / "authority.pem"
    file.write_text(ssl.DER_cert_to_PEM_cert(default_trust({}).get_ca_certs(binary_form=True)[0]))
    return file


def test_a_file_replaces_them(certificate):
    assert len(default_trust({"SSL_CERT_FILE": str(certificate)}).get_ca_certs()) == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "Cannot read the file: No such file or directory."),
        (b"", "It is not a PEM file with certificates."),
        (b"no PEM\n", "It is not a PEM file with certificates."),
        (b"\x30\x82\x01\x02", "It is not a PEM file with certificates."),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_variable(tmp_path, content, sentence):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    assert problem(SSL_CERT_FILE=str(file)) == f"SSL_CERT_FILE ({file}): {sentence}"


def test_a_folder_or_a_pipe_or_a_device_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert problem(SSL_CERT_FILE=str(tmp_path)).endswith("Is a directory.")
    for path in ("/dev/zero", str(tmp_path / "pipe")):
        assert problem(SSL_CERT_FILE=path).endswith("It is a pipe or a device.")


def test_a_folder_without_certificates_is_named_with_its_variable(tmp_path, certificate):
    missing = tmp_path / "missing"
    for folder in (str(missing), str(tmp_path), str(certificate), f"{missing}:{tmp_path}"):
        for others in ({}, {"SSL_CERT_FILE": str(certificate)}):
            found = problem(SSL_CERT_DIR=folder, **others)
            assert found.startswith(f"SSL_CERT_DIR ({folder}): No certificates ")


def test_files_under_the_names_of_certificates_that_hold_none_do_not_count(tmp_path, certificate):
    for at, content in enumerate((b"", b"no PEM", b"\x30\x82\xff")):
        (tmp_path / f"0a1b2c3d.{at}").write_bytes(content)
    (tmp_path / "0a1b2c3d.9").symlink_to(tmp_path / "gone")
    assert "No certificates are there" in problem(SSL_CERT_DIR=str(tmp_path))
    shutil.copy(certificate, tmp_path / "0a1b2c3e.0")
    assert default_trust({"SSL_CERT_DIR": str(tmp_path)})


def test_a_pipe_among_the_certificates_is_named_before_a_handshake_hangs_on_it(
    tmp_path, certificate
):
    shutil.copy(certificate, tmp_path / "0a1b2c3d.0")
    os.mkfifo(tmp_path / "0a1b2c3d.1")
    found = problem(SSL_CERT_DIR=str(tmp_path))
    assert found == f"SSL_CERT_DIR ({tmp_path}/0a1b2c3d.1): It is not a regular file."


def test_the_certificates_of_a_folder_are_used_for_grpc_too(tmp_path, monkeypatch, certificate):
    shutil.copy(certificate, tmp_path / "0a1b2c3d.0")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", f"{tmp_path}/missing:{tmp_path}")
    client().close()
    assert default_authorities() == certificate.read_bytes()


def test_the_certificates_of_a_file_are_used_for_grpc_too(monkeypatch, certificate):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert default_authorities() == certificate.read_bytes()


def test_a_key_log_that_cannot_be_written_is_named_with_its_variable(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, sentence in (
        (tmp_path / "pipe", "It is a pipe or a device."),
        (tmp_path, "Is a directory."),
        (tmp_path / "none" / "keys", "No such file or directory."),
    ):
        found = problem(SSLKEYLOGFILE=str(path))
        assert found == f"SSLKEYLOGFILE ({path}): {sentence}"
    assert default_trust({"SSLKEYLOGFILE": str(tmp_path / "keys")})
    assert (tmp_path / "keys").stat().st_mode & 0o077 == 0
