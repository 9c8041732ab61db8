"""Which proxy a request uses: one reading of ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and
``NO_PROXY`` for HTTP and gRPC.

httpx takes ``NO_PROXY`` for URLs: an IPv6 network or ``[::1]`` ends in ``InvalidURL``, and an IPv4
network matches nothing. gRPC reads lower-case names only, compares the ends of names without a dot
between, and connects directly if it does not know the proxy's scheme.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import unquote, urlsplit

from fuse_otel.errors import ConfigurationError

_SCHEMES = ("http", "https")
_SEPARATOR = re.compile(r"[,\s]+")
# scheme://, [IPv6] or anything else, /prefix, :port
_ENTRY = re.compile(r"(?:([a-z]+)://)?(?:\[([^]]+)\]|([^/:]+))(/\d{1,3})?(?::(\d{1,5}))?/?")
# Python's own reading of URLs takes more than httpx does.
_PROXY = re.compile(
    r"https?://([!-~]*@)?([A-Za-z0-9._~-]+|\[[0-9a-fA-F:.%]+\])(:\d{1,5})?(/[!-~]*)?"
)


@dataclass(frozen=True, slots=True)
class Proxy:
    """``url`` may contain a password. ``variable`` set it."""

    url: str = field(repr=False)
    variable: str

    @property
    def is_tls(self) -> bool:
        return self.url.startswith("https:")

    @property
    def address(self) -> str:
        """``host:port``."""
        parts = urlsplit(self.url)
        return address(parts.hostname or "", parts.port or (443 if self.is_tls else 80))

    @property
    def credentials(self) -> str:
        """``user:password``, decoded, or an empty text."""
        return unquote(urlsplit(self.url).netloc.rpartition("@")[0])


@dataclass(frozen=True, slots=True)
class _Exception:
    """An entry of ``NO_PROXY``. Of ``name`` and ``network`` one is set. ``below``: not the name
    itself, only names below it.
    """

    name: str
    network: IPv4Network | IPv6Network | None
    scheme: str | None
    port: int | None
    below: bool

    def fits(self, scheme: str, host: str, port: int) -> bool:
        if self.scheme not in {None, scheme} or self.port not in {None, port}:
            return False
        found = _address(host)
        if self.network is not None or found is not None:
            return self.network is not None and found is not None and found in self.network
        return host.endswith(f".{self.name}") or (host == self.name and not self.below)


class Proxies:
    """The proxies of an environment. Raises ``ConfigurationError`` for one that cannot be used.

    ``first`` is the prefix of variables that go before the standard ones: ``grpc`` for
    ``grpc_proxy`` and ``no_grpc_proxy``. The lower-case name of a variable goes before the
    upper-case one, also if it is empty.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ, first: str = "") -> None:
        names = ([f"no_{first}_proxy"] if first else []) + ["no_proxy"]
        exceptions = next((text for _, text in _values(environ, names)), "")
        entries = [entry for entry in _SEPARATOR.split(exceptions.lower()) if entry]
        self._exceptions = tuple(filter(None, map(_exception, entries)))
        self._proxies: dict[str, Proxy] = {}
        for scheme in _SCHEMES if "*" not in entries else ():
            names = ([f"{first}_proxy"] if first else []) + [f"{scheme}_proxy", "all_proxy"]
            for variable, text in _values(environ, names):
                self._proxies[scheme] = _proxy(variable, text)
                break

    def __iter__(self) -> Iterator[Proxy]:
        """Every proxy that a request may use, once."""
        return iter(dict.fromkeys(self._proxies.values()))

    def of(self, scheme: str, host: str, port: int) -> Proxy | None:
        """The proxy for a request, ``None`` to connect directly. ``host`` may be in brackets."""
        name = _plain_name(host)
        if any(each.fits(scheme, name, port) for each in self._exceptions):
            return None
        return self._proxies.get(scheme)


def address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _values(environ: Mapping[str, str], names: list[str]) -> Iterator[tuple[str, str]]:
    """The variables that are set, first name first."""
    for name in names:
        used = name if name in environ else name.upper()
        if text := environ.get(used, "").strip():
            yield used, text


def _proxy(variable: str, text: str) -> Proxy:
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not _PROXY.fullmatch(url):
        # The value is left out: it may contain a password.
        raise ConfigurationError(
            [f"{variable}: Not a proxy that can be used. Use a URL such as http://proxy:3128."]
        )
    return Proxy(f"{parts.scheme}://{parts.netloc}", variable)


def _exception(entry: str) -> _Exception | None:
    """``None`` for an entry that no host can match. Other programs ignore it too."""
    if (network := _network(entry)) is not None:
        return _Exception("", network, None, None, below=False)
    match = _ENTRY.fullmatch(entry)
    if match is None:
        return None
    scheme, bracketed, plain, prefix, port = match.groups()
    host = bracketed or plain
    network = _network(host + (prefix or ""))
    if network is None and prefix:
        return None
    below = host.startswith((".", "*."))
    name = _plain_name(host.lstrip("*."))
    return _Exception(name, network, scheme, int(port) if port else None, below)


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        # A zone (%eth0, in a URL %25eth0) is no part of a network.
        found = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _plain_name(host: str) -> str:
    name = host.strip("[]").rstrip(".").lower()
    try:
        return name.encode("idna").decode()
    except UnicodeError:  # an address, or a name that no resolver knows
        return name
