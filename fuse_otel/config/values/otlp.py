"""Reads the OTLP options of a destination: the same rules for variables and for the file."""

from __future__ import annotations

import re
from urllib.parse import urlunsplit

from fuse_otel.config.values.fields import split_http
from fuse_otel.config.values.quantities import (
    read_count,
    read_required_text,
)
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.humanize import quoted

HTTP, GRPC = "http/protobuf", "grpc"
SIGNAL_PATHS = ("/v1/traces", "/v1/logs", "/v1/metrics")
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
    """The signal's URL: ``/v1/traces`` or ``/v1/logs`` appended to the path of the base."""
    parts = split_http(base)
    path = f"{parts.path.rstrip('/')}/v1/{signal.value}"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def exact_url(url: str) -> str:
    """A signal's own URL, unchanged. OpenTelemetry says: one without a path gets the path ``/``."""
    parts = split_http(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", parts.query, ""))


def grpc_target(value: object) -> str:
    """``http://host:port``, ``https://host:port`` or a name in gRPC's own syntax, unchanged. The
    messages leave the text out: it may hold a password.
    """
    text = read_required_text(value)
    if not has_scheme(text):
        if _NAMED.fullmatch(text) or _HOST.fullmatch(text):
            return text
        raise ValueError(
            "Not an endpoint. Use one such as http://host:4317, https://host:4317 or host:4317."
        )
    parts = split_http(text)
    if parts.username or parts.password:
        raise ValueError(
            "The endpoint must not contain credentials. Over gRPC send them in a header, such as"
            " Authorization."
        )
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(
            f"A gRPC endpoint has no path. Use one such as http://host:4317, or protocol {HTTP}."
        )
    return f"{parts.scheme}://{parts.netloc}"


def has_scheme(endpoint: str) -> bool:
    """Whether the endpoint itself says if it uses TLS."""
    return endpoint.lower().startswith(("http://", "https://"))


def in_plain_text(endpoint: str) -> str:
    """A host without a scheme gets ``http://``. gRPC's own names stay, they have no scheme."""
    return f"http://{endpoint}" if _HOST.fullmatch(endpoint) else endpoint


def read_milliseconds(value: object) -> float:
    """Seconds. Other programs take zero as "no limit". It is an error here, because a server that
    never ends its answer would then block a lane endlessly.
    """
    milliseconds = read_count(value)
    if not 1 <= milliseconds <= _LONGEST_TIMEOUT:
        raise ValueError(
            f"{quoted(value)} is out of range. Use 1 to {_LONGEST_TIMEOUT} milliseconds."
        )
    return milliseconds / 1000


def check_headers(headers: dict[str, str]) -> dict[str, str]:
    for name, text in headers.items():
        if not _HEADER.fullmatch(name):
            raise ValueError("A header name contains a character that is not allowed.")
        if not (text.isascii() and text.isprintable()):
            raise ValueError(f"The value of header {name} must be printable ASCII.")
    return headers


def check_metadata(headers: dict[str, str]) -> dict[str, str]:
    """Checks gRPC's own rules for headers. gRPC sends their names in lower case."""
    for name in headers:
        lower = name.lower()
        if not _METADATA.fullmatch(lower):
            raise ValueError(
                "A header name contains a character that gRPC does not allow. Use letters, digits,"
                " -, _ and . in it."
            )
        if lower.endswith("-bin"):
            raise ValueError(
                f"Header {name} would be binary, because its name ends with -bin. gRPC cannot send"
                " text in it."
            )
        if lower in _OWN_METADATA or lower.startswith("grpc-"):
            raise ValueError(f"gRPC sets header {name} itself. Remove it.")
    return headers
