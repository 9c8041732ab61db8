"""Warnings: settings that work, but probably not as intended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from fuse_otel.config.destination import Destination
from fuse_otel.config.otel_environment import variables
from fuse_otel.config.settings import Settings
from fuse_otel.config.values.otlp import GRPC, HTTP, has_scheme
from fuse_otel.core.model.redaction_policy import Mode
from fuse_otel.core.model.telemetry import Profile, Signal

_USUAL_PORTS = {HTTP: 4318, GRPC: 4317}
_SHORT = {HTTP: "HTTP", GRPC: "gRPC"}
_LOGS = Signal.LOGS
_LOKI = "/otlp/v1/logs"
_MEMORY = frozenset({"sqlite://", "sqlite:///:memory:"})


def warnings_of(
    settings: Settings, environ: Mapping[str, str], has_destinations: bool
) -> tuple[str, ...]:
    """Sentences that name the settings. ``has_destinations``: whether the file lists some."""
    return tuple(_warnings(settings, environ, has_destinations))


def _warnings(
    settings: Settings, environ: Mapping[str, str], has_destinations: bool
) -> Iterator[str]:
    ignored = [name for name in variables() if name in environ]
    if has_destinations and ignored:
        yield f"{', '.join(ignored)}: Ignored for calls, because the file lists [[destinations]]."
    url = urlsplit(settings.api_url)
    if url.scheme == "http" and not _is_loopback(url.hostname or ""):
        yield "api_url: Plain http exposes the developer key on the network. Use https."
    for destination in settings.destinations:
        yield from _odd_ports(destination)
        if _idle_certificates(destination):
            yield (
                f"destination {destination.name}: Its certificates are not used, because none of"
                " its endpoints uses TLS. Use https://."
            )
        if _is_loki(destination) and settings.flavour_of(destination, _LOGS) is not Profile.LOKI:
            yield (
                f"destination {destination.name}: Its logs go to {_LOKI}, the endpoint of Loki. Set"
                " the flavour loki for logs, or Loki rejects records that are an hour late."
            )
    if Mode.OFF in {settings.redaction, *(each.redaction for each in settings.destinations)}:
        yield "redaction: off sends personal data unchanged and writes them to disk."
    if settings.state_url in _MEMORY:
        yield "state_url: The store is in memory. It is lost when the process ends."


def _idle_certificates(destination: Destination) -> bool:
    there = destination.certificate or destination.client_certificate
    plain = (
        destination.insecure if not has_scheme(url) else url.startswith("http://")
        for url in destination.urls.values()
    )
    return bool(there) and all(plain)


def _is_loki(destination: Destination) -> bool:
    return urlsplit(destination.urls.get(_LOGS, "")).path == _LOKI


def _odd_ports(destination: Destination) -> Iterator[str]:
    """Once for each port, however many signals use it."""
    usual = _USUAL_PORTS[destination.protocol]
    ports = dict.fromkeys(urlsplit(url).port for url in destination.urls.values() if "://" in url)
    for name, port in _USUAL_PORTS.items():
        if port != usual and port in ports:
            yield (
                f"destination {destination.name}: It uses {_SHORT[destination.protocol]} on port"
                f" {port}, the usual port of OTLP over {_SHORT[name]}."
            )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
