"""What of a URL may be told: scheme, host, port and a path without numbers."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import urlsplit

from fuse_otel.core.scrub import scrub

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\Z")
_LONGEST = 2048
_SCHEMES = {"http", "https", "ws", "wss"}


def safe_url(text: str, redactions: Counter[str]) -> tuple[str, str] | None:
    """(URL without credentials, query and fragment; host), or ``None`` if it is no such URL."""
    if len(text) > _LONGEST:
        return None
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in _SCHEMES or not host or not _HOST.match(host):
        return None
    if scrub(host, Counter()) != host and not _is_address(host):
        return None
    if parts.query or parts.fragment or parts.username or parts.password:
        redactions["url"] += 1
    place = host if port is None else f"{host}:{port}"
    path = "/".join(scrub(segment, redactions) for segment in parts.path.split("/"))
    return f"{parts.scheme.lower()}://{place}{path}", host


def _is_address(host: str) -> bool:
    """An IPv4 address has many digits and is nobody's number."""
    parts = host.split(".")
    return len(parts) == 4 and all(p.isdigit() and int(p) < 256 for p in parts)  # noqa: PLR2004
