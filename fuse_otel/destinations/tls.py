"""TLS: the certificates to trust, and the client's own."""

from __future__ import annotations

import ssl

from fuse_otel import net
from fuse_otel.errors import ConfigurationError
from fuse_otel.files import check_regular, shown_path


def tls_context(
    certificate: str | None, client_certificate: str | None, client_key: str | None
) -> ssl.SSLContext:
    """``certificate`` replaces the default authorities. All are paths of PEM files. Raises
    ``ConfigurationError``.
    """
    if certificate is None:
        context = net.default_trust()
    else:
        try:
            check_regular(certificate)
            context = ssl.create_default_context(cafile=certificate)
        except (OSError, ValueError) as error:
            raise _unusable("certificate", certificate, error) from error
    if client_certificate:
        try:
            for path in filter(None, (client_certificate, client_key)):
                check_regular(path)
            # Without a password here OpenSSL would ask for one at the terminal.
            context.load_cert_chain(client_certificate, client_key, password=lambda: "")
        except (OSError, ValueError) as error:
            raise _unusable("client certificate or its key", client_certificate, error) from error
    return context


def _unusable(what: str, path: str, error: OSError | ValueError) -> ConfigurationError:
    name = f"The {what} {shown_path(path)}"
    if isinstance(error, ssl.SSLError):
        return ConfigurationError([f"{name} cannot be used: it is no usable PEM"])
    return ConfigurationError([f"{name}: {error}"])
