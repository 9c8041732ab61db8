"""Certificates for tests, made by the ``openssl`` command for this run alone."""

from __future__ import annotations

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
