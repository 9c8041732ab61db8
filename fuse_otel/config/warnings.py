"""Settings that work, but probably not as intended, and settings that must not be set together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fuse_otel.config.catalogue import variable_of
from fuse_otel.config.destination import DestinationSettings
from fuse_otel.config.file.web_config import WebConfig
from fuse_otel.config.otel_environment import unknown_variables, variables
from fuse_otel.config.problems import Place
from fuse_otel.config.values.otlp import GRPC, HTTP, SIGNAL_PATHS, has_scheme
from fuse_otel.core.model.link_template import PLACEHOLDER
from fuse_otel.core.model.redaction_policy import Mode
from fuse_otel.core.model.telemetry import Profile, Signal

if TYPE_CHECKING:
    from fuse_otel.config.settings import Settings

_USUAL_PORTS = {HTTP: 4318, GRPC: 4317}
_SHORT = {HTTP: "HTTP", GRPC: "gRPC"}
_LOGS = Signal.LOGS
_LOKI = "/otlp/v1/logs"
_SHORTEST_TOKEN, _SHORTEST_KEY = 16, 16
_CREDENTIAL = re.compile(r"auth|token|key|secret|passw|cookie|credential", re.IGNORECASE)
_KEY_LOG = "SSLKEYLOGFILE"
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
    yield from unknown_variables(environ)
    if environ.get(_KEY_LOG):
        yield f"{_KEY_LOG}: Whoever reads its file can decrypt the TLS connections. Remove it."
    url = urlsplit(settings.api_url)
    if url.scheme == "http" and not _is_loopback(url.hostname or ""):
        yield "api_url: Plain http exposes the developer key on the network. Use https."
    yield from _short_secrets(settings)
    web = settings.web_config
    if web and web.needs_login and not web.tls and not _is_loopback(settings.listen.host):
        yield "web_config: Plain http exposes passwords on the network. Set tls_server_config."
    for destination in settings.destinations:
        yield from _exposed_headers(destination)
        yield from _odd_ports(destination)
        yield from _odd_paths(destination)
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
    yield from _same_links(settings)
    if settings.state_url in _MEMORY:
        yield "state_url: The store is in memory. It is lost when the process ends."


def _same_links(settings: Settings) -> Iterator[str]:
    for name, template in (("trace_url", settings.trace_url), ("logs_url", settings.logs_url)):
        if template and not PLACEHOLDER.search(template):
            yield f"{name}: It has no {{trace_id}} or {{session_id}}. All calls link to one page."


def advice_of(settings: Settings) -> Iterator[str]:
    """Sentences for ``check`` alone: what works, and may surprise later."""
    if settings.pseudonym_key is None and settings.accounts:
        yield (
            "pseudonym_key: It is not set, so user.hash follows from the developer key. A new"
            " developer key changes all hashes, and a caller of two accounts has two. Set a long"
            " random text."
        )


def _idle_certificates(destination: DestinationSettings) -> bool:
    there = destination.certificate or destination.client_certificate
    return bool(there) and all(_is_plain(destination, url) for url in destination.urls.values())


def _is_plain(destination: DestinationSettings, url: str) -> bool:
    """Whether the connection is not encrypted."""
    return url.startswith("http://") if has_scheme(url) else destination.insecure


def _is_loki(destination: DestinationSettings) -> bool:
    url = destination.urls.get(_LOGS, "")
    return has_scheme(url) and urlsplit(url).path == _LOKI


def _short_secrets(settings: Settings) -> Iterator[str]:
    token, key, web = settings.hook_token, settings.pseudonym_key, settings.web_config
    if token is not None and len(token.get_secret_value()) < _SHORTEST_TOKEN:
        yield (
            f"hook_token: It has fewer than {_SHORTEST_TOKEN} characters and can be guessed. Use a"
            " long random text."
        )
    if web is not None and web.token and len(web.token) < _SHORTEST_TOKEN:
        yield (
            f"web_config: Its bearer token has fewer than {_SHORTEST_TOKEN} characters and can be"
            " guessed. Use a long random text."
        )
    if key is not None and len(key.get_secret_value().encode()) < _SHORTEST_KEY:
        yield (
            f"pseudonym_key: It has fewer than {_SHORTEST_KEY} bytes. Whoever guesses it can find"
            " the phone number behind each user.hash. Use a long random text."
        )


def _exposed_headers(destination: DestinationSettings) -> Iterator[str]:
    """Once for each host, however many signals use it."""
    hosts: dict[str, None] = {}
    for signal, url in destination.urls.items():
        has_credentials = any(map(_CREDENTIAL.search, destination.headers.get(signal, {})))
        host = _host(url)
        if _is_plain(destination, url) and host and not _is_loopback(host):
            hosts |= dict.fromkeys([host] if has_credentials or "@" in url else [])
    for host in hosts:
        yield (
            f"destination {destination.name}: Plain http exposes its credentials on the network"
            f" to {host}. Use https."
        )


def _host(endpoint: str) -> str:
    """The host of a URL or a gRPC name, empty for a socket in the file system."""
    if has_scheme(endpoint):
        return urlsplit(endpoint).hostname or ""
    if endpoint.startswith("unix"):
        return ""
    name = endpoint.rpartition("/")[2]
    name = name.removeprefix("dns:").removeprefix("ipv4:").removeprefix("ipv6:")
    return name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]


def _odd_ports(destination: DestinationSettings) -> Iterator[str]:
    """Once for each port, however many signals use it."""
    usual = _USUAL_PORTS[destination.protocol]
    ports = dict.fromkeys(
        urlsplit(url).port for url in destination.urls.values() if has_scheme(url)
    )
    for name, port in _USUAL_PORTS.items():
        if port != usual and port in ports:
            yield (
                f"destination {destination.name}: It uses {_SHORT[destination.protocol]} on port"
                f" {port}, the usual port of OTLP over {_SHORT[name]}."
            )


def _odd_paths(destination: DestinationSettings) -> Iterator[str]:
    """Only the endpoint of a signal can have these: the path of a signal is appended to others."""
    for signal, url in destination.urls.items():
        path = urlsplit(url).path.rstrip("/") if has_scheme(url) else ""
        others = (end for end in SIGNAL_PATHS if end != f"/v1/{signal}" and path.endswith(end))
        if end := next(others, ""):
            yield (
                f"destination {destination.name}: The endpoint of its {signal} ends with {end}, the"
                " path of another signal."
            )
        elif has_scheme(url) and destination.protocol == HTTP and not path:
            yield (
                f"destination {destination.name}: The endpoint of its {signal} has no path. Most"
                f" back ends expect /v1/{signal}."
            )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def conflicts(settings: Settings, names: Mapping[Place, str]) -> Iterator[str]:
    """Sentences. ``names``: place → the setting as the user wrote it."""
    name = names[("pages_redaction",)]
    shown = settings.pages_redaction
    sent = max(
        (each.redaction or settings.redaction for each in settings.destinations),
        key=lambda mode: mode.looseness,
        default=settings.redaction,
    )
    if shown.looseness > sent.looseness:
        yield f"{name}: The pages must not show more than what is sent. Use {sent}."
    if problem := login_problem(shown, settings.web_config):
        yield f"{name}: {problem}"


def login_problem(shown: Mode, web: WebConfig | None) -> str:
    """Nothing if the pages may show that much."""
    if shown is Mode.STRICT or (web is not None and web.has_login):
        return ""
    return (
        f"Pages that show more than {Mode.STRICT} need a login. Set {variable_of('web_config')} to"
        " a file with basic_auth_users, bearer_token_file or RequireAndVerifyClientCert."
    )
