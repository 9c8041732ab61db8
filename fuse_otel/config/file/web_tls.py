"""The table ``tls_server_config`` of the web configuration file, and the TLS context it makes."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from fuse_otel.config.values import fields
from fuse_otel.humanize import quoted

FOLDER = "folder"
"""The key in the context of a validation."""
_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
# Go can also ask for a certificate without checking it. Python's TLS cannot, and it would protect
# nothing.
_CLIENT_AUTH = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
# Suites of TLS 1.3 cannot be chosen, neither in Go nor here.
_OF_TLS_13 = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
_SUITE = re.compile(
    r"TLS_ECDHE_(?P<key>ECDSA|RSA)_WITH_(?:AES_(?P<bits>128|256)_GCM_SHA(?:256|384)"
    r"|(?P<chacha>CHACHA20_POLY1305)(?:_SHA256)?)",
    re.ASCII,
)


def _choice(known: Mapping[str, object]) -> BeforeValidator:
    def check(value: object) -> str:
        if not isinstance(value, str) or value not in known:
            raise ValueError(f"{quoted(value)} is not supported. Use {', '.join(known)}.")
        return value

    return BeforeValidator(check)


def _suites(value: object) -> Sequence[str]:
    """Go's names of cipher suites as OpenSSL's."""
    if not isinstance(value, list) or not value:
        raise ValueError("Must be a list.")
    return tuple(_suite(each) for each in value if each not in _OF_TLS_13)


def _suite(name: object) -> str:
    match = _SUITE.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        raise ValueError(
            f"{quoted(name)} is not supported. Use suites such as"
            " TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: ECDHE with AES-GCM or ChaCha20."
        )
    if match["chacha"]:
        return f"ECDHE-{match['key']}-CHACHA20-POLY1305"
    digest = "SHA256" if match["bits"] == "128" else "SHA384"
    return f"ECDHE-{match['key']}-AES{match['bits']}-GCM-{digest}"


def _within(path: str, info: ValidationInfo) -> str:
    """Relative paths begin at the folder of the web configuration file."""
    return fields.readable(str((info.context or {}).get(FOLDER, Path()) / path))


def _texts(value: object) -> Sequence[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise ValueError("Must be a list of texts.")
    return tuple(value)


FileOfFolder = Annotated[fields.RequiredText, AfterValidator(_within)]


class TlsTable(fields.Frozen):
    """``cipher_suites`` are OpenSSL's names."""

    cert_file: FileOfFolder
    key_file: FileOfFolder
    client_ca_file: FileOfFolder | None = None
    client_auth_type: Annotated[str, _choice(_CLIENT_AUTH)] = "NoClientCert"
    client_allowed_sans: Annotated[tuple[str, ...], BeforeValidator(_texts)] = ()
    min_version: Annotated[str, _choice(_VERSIONS)] = "TLS12"
    max_version: Annotated[str, _choice(_VERSIONS)] = "TLS13"
    cipher_suites: Annotated[tuple[str, ...], BeforeValidator(_suites)] = ()
    prefer_server_cipher_suites: fields.Switch = True

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.cert_file, self.key_file, self.client_ca_file)))


def server_context(table: TlsTable, problems: list[str]) -> ssl.SSLContext | None:
    """Nothing if there are problems: they are added to the list."""
    before = len(problems)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    _set_versions(context, table, problems)
    if table.cipher_suites:
        context.set_ciphers(":".join(table.cipher_suites))
    if not table.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    _load_certificate(context, table, problems)
    _set_client_certificates(context, table, problems)
    return context if len(problems) == before else None


def _set_versions(context: ssl.SSLContext, table: TlsTable, problems: list[str]) -> None:
    least, most = _VERSIONS[table.min_version], _VERSIONS[table.max_version]
    if least > most:
        problems.append("tls_server_config.min_version: It is higher than max_version.")
    else:
        context.minimum_version, context.maximum_version = least, most


def _load_certificate(context: ssl.SSLContext, table: TlsTable, problems: list[str]) -> None:
    try:
        # Without a password here OpenSSL would ask for one at the terminal.
        context.load_cert_chain(table.cert_file, table.key_file, password=lambda: "")
    except OSError as error:
        reason = (
            "The certificate and the key do not belong together."
            if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH"
            else "The files are not a certificate and its key in PEM, or the key has a password."
        )
        problems.append(f"tls_server_config.cert_file, key_file: {reason}")


def _set_client_certificates(context: ssl.SSLContext, table: TlsTable, problems: list[str]) -> None:
    context.verify_mode = _CLIENT_AUTH[table.client_auth_type]
    name = "tls_server_config.client_ca_file"
    checks = context.verify_mode != ssl.CERT_NONE
    if checks != bool(table.client_ca_file):
        problems.append(f"{name}: Set it together with client_auth_type, to check certificates.")
    if table.client_allowed_sans and context.verify_mode != ssl.CERT_REQUIRED:
        problems.append(
            "tls_server_config.client_allowed_sans: It needs client_auth_type"
            " RequireAndVerifyClientCert."
        )
    if table.client_ca_file:
        try:
            context.load_verify_locations(table.client_ca_file)
        except OSError:
            problems.append(f"{name}: It is not a PEM file with certificates.")
