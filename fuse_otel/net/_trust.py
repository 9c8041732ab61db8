"""Which authorities TLS trusts by default: certifi's, or those of ``SSL_CERT_FILE`` or else
``SSL_CERT_DIR``.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import httpx

from fuse_otel.errors import ConfigurationError
from fuse_otel.files import (
    UnreadableFile,
    check_regular,
    open_to_append,
    read_bounded,
    shown_path,
)

_FILE, _FOLDER, KEY_LOG = "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"
# OpenSSL finds a certificate in a folder by the hash of its subject.
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")

_NOT_HASHED = (
    "No certificates are there under the names that OpenSSL looks for. Run `openssl rehash` on it."
)
_NOT_PEM = "It is not a PEM file with certificates."
_LARGEST = 1024 * 1024  # bytes of a file in the folder


def default_trust(environ: Mapping[str, str] = os.environ) -> ssl.SSLContext:
    """A context for clients. Raises ``ConfigurationError`` that names the variable and the path.

    The file outranks the folder. The folder is checked all the same: whoever sets a variable wants
    to know that it cannot be used.
    """
    check_key_log(environ)
    folders = environ.get(_FOLDER)
    if folders:
        _check_folders(folders)
    if file := environ.get(_FILE):
        return _of_file(file)
    if folders:
        return ssl.create_default_context(capath=folders)
    return httpx.create_ssl_context(trust_env=False)


def default_authorities() -> bytes:
    """The same authorities as PEM, for a library that does not take a context."""
    found = [
        ssl.DER_cert_to_PEM_cert(each).encode()
        for each in default_trust().get_ca_certs(binary_form=True)
    ]
    # OpenSSL reads a folder when it checks a certificate, so a context lists none of them.
    return b"".join(found or _certificates(os.environ.get(_FOLDER, "")))


def check_key_log(environ: Mapping[str, str] = os.environ) -> None:
    """Python opens this file for each context: a named pipe would block it. Raises
    ``ConfigurationError``.
    """
    if not (path := environ.get(KEY_LOG)):
        return
    try:
        os.close(open_to_append(path))
    except OSError as error:
        raise _unusable(KEY_LOG, path, f"{error.strerror}.") from error
    except ValueError as error:  # a path with a zero byte
        raise _unusable(KEY_LOG, path, "It is not a path.") from error


def _of_file(path: str) -> ssl.SSLContext:
    try:
        check_regular(path)
        return ssl.create_default_context(cafile=path)
    except ssl.SSLError:
        problem = _NOT_PEM
    except (OSError, ValueError) as error:
        problem = str(error)
    raise _unusable(_FILE, path, problem)


def _check_folders(folders: str) -> None:
    # OpenSSL does not complain about a folder that is missing or empty. It then trusts no
    # certificate. It reads a file only in a handshake, where a named pipe would block it.
    for file in _hashed(folders):
        if file.exists() and not file.is_file():
            raise _unusable(_FOLDER, str(file), "It is not a regular file.")
    if not any(map(_is_pem, _certificates(folders))):
        raise _unusable(_FOLDER, folders, _NOT_HASHED)


def _unusable(variable: str, path: str, problem: str) -> ConfigurationError:
    return ConfigurationError([f"{variable} ({shown_path(path)}): {problem}"])


def _is_pem(content: bytes) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(
            cadata=content.decode("ascii", "ignore")
        )
    except (ssl.SSLError, ValueError):  # a ValueError where no text is left
        return False
    return True


def _certificates(folders: str) -> Iterator[bytes]:
    """The contents of the files in the folders. As in OpenSSL, an unreadable one does not count."""
    for file in _hashed(folders):
        with suppress(UnreadableFile):
            yield read_bounded(str(file), _LARGEST).data


def _hashed(folders: str) -> Iterator[Path]:
    for folder in map(Path, filter(None, folders.split(os.pathsep))):
        try:
            yield from (file for file in folder.iterdir() if _HASHED.fullmatch(file.name))
        except (OSError, ValueError):  # not a folder, or none that may be read
            continue
