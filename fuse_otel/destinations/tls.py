"""Whom to trust, and as whom to appear."""

from __future__ import annotations

import ssl

import httpx

from fuse_otel.errors import ConfigurationError


def tls_context(
    certificate: str | None, client_certificate: str | None, client_key: str | None
) -> ssl.SSLContext | bool:
    """``certificate`` replaces the well-known authorities. All are paths of PEM files.

    ``True`` stands for httpx's own rules. Raises ``ConfigurationError``.
    """
    if certificate is None and client_certificate is None:
        return True
    try:
        context = (
            ssl.create_default_context(cafile=certificate)
            if certificate
            else httpx.create_ssl_context()
        )
    except OSError as error:
        raise _unusable("certificate", certificate, error) from error
    if client_certificate:
        try:
            # Without a password here OpenSSL would ask for one at the terminal.
            context.load_cert_chain(client_certificate, client_key, password=lambda: "")
        except OSError as error:
            raise _unusable("client certificate or its key", client_certificate, error) from error
    return context


def trusted() -> bytes:
    """The authorities that httpx trusts, as PEM, for who cannot take its context: certifi's, or
    those of ``SSL_CERT_FILE``. Empty where they cannot be listed (``SSL_CERT_DIR``).
    """
    found = httpx.create_ssl_context().get_ca_certs(binary_form=True)
    return "".join(map(ssl.DER_cert_to_PEM_cert, found)).encode()


def _unusable(what: str, path: str | None, error: OSError) -> ConfigurationError:
    why = "it is no usable PEM" if isinstance(error, ssl.SSLError) else error.strerror
    return ConfigurationError([f"The {what} {path} cannot be used: {why}"])
