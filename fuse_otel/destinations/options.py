"""Options of an OTLP destination, for both protocols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fuse_otel.core.model.telemetry import Signal

TIMEOUT = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class OtlpOptions:
    """``timeout`` bounds an attempt as a whole, in seconds (default: 10). ``compression`` is
    ``gzip`` (default) or ``none``. The certificates are paths of PEM files: the authority to trust,
    and the client's own.
    """

    name: str
    urls: Mapping[Signal, str] = field(repr=False)  # may hold credentials, as the headers do
    headers: Mapping[Signal, Mapping[str, str]] = field(default_factory=dict, repr=False)
    timeout: Mapping[Signal, float] = field(default_factory=dict)
    compression: Mapping[Signal, str] = field(default_factory=dict)
    certificate: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None

    def seconds(self, signal: Signal) -> float:
        return self.timeout.get(signal, TIMEOUT)

    def compressed(self, signal: Signal) -> bool:
        return self.compression.get(signal, "gzip") == "gzip"
