"""What a destination's OTLP values may be, wherever they are written."""

from __future__ import annotations

import re
from urllib.parse import urlunsplit

from fuse_otel.config.values.fields import split_http
from fuse_otel.config.values.quantities import (
    quoted,
    read_count,
    read_required_text,
)
from fuse_otel.core.model.telemetry import Signal

HTTP, GRPC = "http/protobuf", "grpc"
DEFAULT_ENDPOINTS = {HTTP: "http://localhost:4318", GRPC: "http://localhost:4317"}
DEFAULT_TIMEOUT = 10.0  # seconds
_LONGEST_TIMEOUT = 3_600_000  # milliseconds
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_METADATA = re.compile(r"[0-9a-z_.-]+", re.ASCII)
_OWN_METADATA = frozenset(
    {"connection", "content-length", "content-type", "host", "te", "transfer-encoding",
     "user-agent"}
)  # fmt: skip
# https://github.com/grpc/grpc/blob/master/doc/naming.md, and a host with or without a port.
_NAMED = re.compile(r"(dns|ipv4|ipv6|unix|unix-abstract):[!-~]+", re.ASCII)
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.%]+\])(:[0-9]{1,5})?", re.ASCII)


def signal_url(base: str, signal: Signal) -> str:
    """The signal's URL below a base: ``/v1/traces`` or ``/v1/logs`` behind its path."""
    parts = split_http(base)
    path = f"{parts.path.rstrip('/')}/v1/{signal.value}"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def exact_url(url: str) -> str:
    """A signal's own URL, as it is; one without a path gets the root's, as OpenTelemetry says."""
    parts = split_http(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", parts.query, ""))


def grpc_target(value: object) -> str:
    """``http://host:port``, ``https://host:port``, or a name as gRPC has them, as it is. Nothing of
    it is repeated in the sentences: it may hold a password.
    """
    text = read_required_text(value)
    if not has_scheme(text):
        if _NAMED.fullmatch(text) or _HOST.fullmatch(text):
            return text
        raise ValueError(
            "It is no address: write it like http://host:4317, https://host:4317 or host:4317."
        )
    parts = split_http(text)
    if parts.username or parts.password:
        raise ValueError(
            "Take the credentials out of the address: over gRPC they are a header, such as"
            " Authorization."
        )
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(
            f"gRPC knows no paths: write it like http://host:4317, or give the protocol {HTTP}."
        )
    return f"{parts.scheme}://{parts.netloc}"


def has_scheme(endpoint: str) -> bool:
    """Whether it tells by itself if TLS is spoken."""
    return endpoint.lower().startswith(("http://", "https://"))


def in_plain_text(endpoint: str) -> str:
    """A host without a scheme with the one that says so; gRPC's own names have none."""
    return f"http://{endpoint}" if _HOST.fullmatch(endpoint) else endpoint


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


def check_headers(headers: dict[str, str]) -> dict[str, str]:
    for name, text in headers.items():
        if not _HEADER.fullmatch(name):
            raise ValueError("The name of a header holds what names of headers cannot.")
        if not (text.isascii() and text.isprintable()):
            raise ValueError(f"The value of the header {name} holds more than printable ASCII.")
    return headers


def check_metadata(headers: dict[str, str]) -> dict[str, str]:
    """GRPC sends headers under rules of its own, all in lower case."""
    for name in headers:
        lower = name.lower()
        if not _METADATA.fullmatch(lower):
            raise ValueError(
                "The name of a header holds what gRPC cannot send: letters, digits, -, _ and . are"
                " possible."
            )
        if lower.endswith("-bin"):
            raise ValueError(
                f"The header {name} would be binary, as its name ends with -bin: gRPC cannot send"
                " text in it."
            )
        if lower in _OWN_METADATA or lower.startswith("grpc-"):
            raise ValueError(f"The header {name} is written by gRPC itself: take it away.")
    return headers
