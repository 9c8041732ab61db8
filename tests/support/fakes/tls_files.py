"""Certificates for tests, made by the ``openssl`` command for this run alone."""

from __future__ import annotations

import datetime as dt
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

_CONFIG = """
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = {name}
[extensions]
subjectAltName = {alternative}
basicConstraints = critical, CA:true
"""
_AUTHORITY = """
[ca]
default_ca = authority
[authority]
database = {folder}/{name}.index
new_certs_dir = {folder}
default_md = sha256
rand_serial = yes
policy = any
x509_extensions = extensions
[any]
commonName = supplied
[extensions]
subjectAltName = IP:127.0.0.1
"""


@dataclass(frozen=True)
class Certificate:
    """PEM files. Signed by itself, so that the certificate is its own authority."""

    certificate: Path
    key: Path

    def server(self, clients: Certificate | None = None) -> ssl.SSLContext:
        """What a server appears as; with ``clients`` only those may talk to it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        if clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(clients.certificate)
        return context


def make_certificate(
    folder: Path, name: str, alternative: str = "IP:127.0.0.1", password: str = ""
) -> Certificate:
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    config = folder / f"{name}.cnf"
    config.write_text(_CONFIG.format(name=name, alternative=alternative))
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-days", "2"),
            *("-config", config, "-keyout", made.key, "-out", made.certificate),
            *(("-passout", f"pass:{password}") if password else ("-nodes",)),
        ],
        check=True,
        capture_output=True,
    )
    return made


def make_expired_certificate(folder: Path, name: str, authority: Certificate) -> Certificate:
    """For 127.0.0.1, signed by ``authority``, over for a day."""
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    config, request = folder / f"{name}.cnf", folder / f"{name}.csr"
    config.write_text(_AUTHORITY.format(folder=folder, name=name))
    (folder / f"{name}.index").write_text("")
    day = dt.timedelta(days=1)
    now = dt.datetime.now(dt.UTC)
    subject = ("-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}")
    _openssl("req", *subject, "-keyout", made.key, "-out", request)
    _openssl(
        *("ca", "-batch", "-config", config, "-in", request, "-out", made.certificate),
        *("-cert", authority.certificate, "-keyfile", authority.key, "-notext"),
        *("-startdate", f"{now - 2 * day:%Y%m%d%H%M%SZ}", "-enddate", f"{now - day:%Y%m%d%H%M%SZ}"),
    )
    return made


def _openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)
