"""What a destination's OTLP values may be, wherever they are written."""

from __future__ import annotations

import re
from urllib.parse import urlunsplit

from fuse_otel.config.quantities import quoted, read_count, read_pairs, read_text
from fuse_otel.config.rules import split_http
from fuse_otel.core.telemetry import Signal

DEFAULT_ENDPOINT = "http://localhost:4318"
DEFAULT_TIMEOUT = 10.0  # seconds
_LONGEST_TIMEOUT = 3_600_000  # milliseconds
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)


def signal_url(base: str, signal: Signal) -> str:
    """The signal's URL below a base: ``/v1/traces`` or ``/v1/logs`` behind its path."""
    parts = split_http(base)
    path = f"{parts.path.rstrip('/')}/v1/{signal.value}"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def exact_url(url: str) -> str:
    """A signal's own URL, as it is; one without a path gets the root's, as OpenTelemetry says."""
    parts = split_http(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", parts.query, ""))


def check_protocol(value: object) -> None:
    word = str(value).strip().lower()
    if word == "grpc":
        raise ValueError(
            "OTLP over gRPC comes with a later version: for now give http/protobuf"
            " (most back ends take it on port 4318)."
        )
    if word != "http/protobuf":
        raise ValueError(f"{quoted(value)} is not supported: give http/protobuf.")


def read_milliseconds(value: object) -> float:
    """Seconds. Zero, "no limit" elsewhere, is refused: a server that never ends would hold a lane
    for ever.
    """
    milliseconds = read_count(value)
    if not 1 <= milliseconds <= _LONGEST_TIMEOUT:
        raise ValueError(
            f"{quoted(value)} is out of bounds: give milliseconds from 1 to {_LONGEST_TIMEOUT}."
        )
    return milliseconds / 1000


def read_encoded_headers(value: object) -> dict[str, str]:
    """``key=value,…`` percent-encoded, as the standard's variable has it."""
    return check_headers(read_pairs(read_text(value)))


def check_headers(headers: dict[str, str]) -> dict[str, str]:
    for name, text in headers.items():
        if not _HEADER.fullmatch(name):
            raise ValueError("The name of a header holds what names of headers cannot.")
        if not (text.isascii() and text.isprintable()):
            raise ValueError(f"The value of the header {name} holds more than printable ASCII.")
    return headers
