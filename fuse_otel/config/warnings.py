"""What works but is probably not what was meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from fuse_otel.config.layers import otel_variables
from fuse_otel.config.settings import Settings

_MEMORY = frozenset({"sqlite://", "sqlite:///:memory:"})


def warnings_of(
    settings: Settings, environ: Mapping[str, str], has_destinations: bool
) -> tuple[str, ...]:
    """Sentences that name the settings. ``has_destinations``: whether the file lists some."""
    return tuple(_warnings(settings, environ, has_destinations))


def _warnings(
    settings: Settings, environ: Mapping[str, str], has_destinations: bool
) -> Iterator[str]:
    ignored = otel_variables(environ)
    if has_destinations and ignored:
        yield f"{', '.join(ignored)}: Ignored for calls, because the file lists [[destinations]]."
    url = urlsplit(settings.api_url)
    if url.scheme == "http" and not _is_loopback(url.hostname or ""):
        yield "api_url: Over plain http the developer key can be read on the way: use https."
    if settings.state_url in _MEMORY:
        yield "state_url: The store is in memory: what was read is forgotten at the end."


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
