"""Options of an OTLP destination, for both protocols, and the TLS context that follows."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from fuse_otel import net
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.errors import ConfigurationError
from fuse_otel.files import check_regular, shown_path

TIMEOUT = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class OtlpOptions:
    """``urls`` are used as they are: for HTTP, as OpenTelemetry specifies, their scheme alone
    decides about TLS. For gRPC they are ``http://host:port``, ``https://host:port``, or a name as
    gRPC has them (``host:port``, ``dns:///…``, ``unix:/path``), which uses TLS unless ``insecure``.

    ``timeout`` bounds an attempt as a whole, in seconds (default: 10). ``compression`` is
    ``gzip`` (default) or ``none``. The certificates are paths of PEM files: the authorities
    to trust instead of the default ones, and the client's own.
    """

    name: str
    urls: Mapping[Signal, str] = field(repr=False)  # may hold credentials, as the headers do
    headers: Mapping[Signal, Mapping[str, str]] = field(default_factory=dict, repr=False)
    timeout: Mapping[Signal, float] = field(default_factory=dict)
    compression: Mapping[Signal, str] = field(default_factory=dict)
    certificate: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    insecure: bool = False

    def seconds(self, signal: Signal) -> float:
        return self.timeout.get(signal, TIMEOUT)

    def compressed(self, signal: Signal) -> bool:
        return self.compression.get(signal, "gzip") == "gzip"


def tls_context(options: OtlpOptions) -> ssl.SSLContext:
    """The authorities to trust, and the client's own certificate. Raises ``ConfigurationError``."""
    certificate, client_certificate = options.certificate, options.client_certificate
    if certificate is None:
        context = net.default_trust()
    else:
        net.check_key_log()
        try:
            check_regular(certificate)
            context = ssl.create_default_context(cafile=certificate)
        except (OSError, ValueError) as error:
            raise _unusable("certificate", certificate, error) from error
    if client_certificate:
        try:
            for path in filter(None, (client_certificate, options.client_key)):
                check_regular(path)
            # Without a password here OpenSSL would ask for one at the terminal.
            context.load_cert_chain(client_certificate, options.client_key, password=lambda: "")
        except (OSError, ValueError) as error:
            raise _unusable("client certificate or its key", client_certificate, error) from error
    return context


def _unusable(what: str, path: str, error: OSError | ValueError) -> ConfigurationError:
    name = f"The {what} {shown_path(path)}"
    if isinstance(error, ssl.SSLError):
        return ConfigurationError([f"{name} cannot be used: it is no usable PEM"])
    return ConfigurationError([f"{name}: {error}"])
