"""Which authorities TLS trusts by default: certifi's, or those of ``SSL_CERT_FILE`` or else
``SSL_CERT_DIR``.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

from fuse_otel.errors import ConfigurationError
from fuse_otel.files import check_regular, shown_path

_FILE, _FOLDER = "SSL_CERT_FILE", "SSL_CERT_DIR"
# OpenSSL finds a certificate in a folder by the hash of its subject.
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")

_NOT_HASHED = (
    "No certificates are there under the names that OpenSSL looks for. Run `openssl rehash` on it."
)


def default_trust(environ: Mapping[str, str] = os.environ) -> ssl.SSLContext:
    """A context for clients. Raises ``ConfigurationError`` that names the variable and the path."""
    if file := environ.get(_FILE):
        return _of_file(file)
    if folders := environ.get(_FOLDER):
        return _of_folders(folders)
    return httpx.create_ssl_context(trust_env=False)


def _of_file(path: str) -> ssl.SSLContext:
    try:
        check_regular(path)
        return ssl.create_default_context(cafile=path)
    except ssl.SSLError:
        problem = "It is not a PEM file with certificates."
    except (OSError, ValueError) as error:
        problem = str(error)
    raise ConfigurationError([f"{_FILE} ({shown_path(path)}): {problem}"])


def _of_folders(folders: str) -> ssl.SSLContext:
    # OpenSSL does not complain about a folder that is missing or empty. It then trusts no
    # certificate.
    if not any(_hashed(folders)):
        name = f"{_FOLDER} ({shown_path(folders)})"
        raise ConfigurationError([f"{name}: {_NOT_HASHED}"])
    return ssl.create_default_context(capath=folders)


def default_authorities() -> bytes:
    """The same authorities as PEM, for a library that does not take a context."""
    found = [
        ssl.DER_cert_to_PEM_cert(each).encode()
        for each in default_trust().get_ca_certs(binary_form=True)
    ]
    # OpenSSL reads a folder when it checks a certificate, so a context lists none of them.
    found = found or [file.read_bytes() for file in _hashed(os.environ.get(_FOLDER, ""))]
    return b"".join(found)


def _hashed(folders: str) -> Iterator[Path]:
    for folder in map(Path, filter(None, folders.split(os.pathsep))):
        try:
            yield from (file for file in folder.iterdir() if _HASHED.fullmatch(file.name))
        except (OSError, ValueError):  # not a folder, or none that may be read
            continue
