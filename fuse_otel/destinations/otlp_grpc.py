"""OTLP over gRPC: the stored bytes as they are, an overall deadline an attempt. No retry inside.

Imports grpcio, which takes a while: import this module only where it is used.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from threading import Lock
from typing import TypeAlias
from urllib.parse import urlsplit

from msgspec.structs import replace

from fuse_otel import __version__, net
from fuse_otel.core.batching.export_result import Accepted, ExportResult, PermanentFailure
from fuse_otel.core.batching.gzip_member import inflate
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.destinations.grpc_result import OK, GrpcResponse, result_of
from fuse_otel.destinations.options import OtlpOptions, tls_context
from fuse_otel.destinations.otlp_response import scrub, secrets_of, unexpected
from fuse_otel.errors import ConfigurationError
from fuse_otel.files import read_bounded
from fuse_otel.net.quiet_grpc import grpc

_METHODS = {
    Signal.TRACES: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    Signal.LOGS: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
}
_DETAILS = "grpc-status-details-bin"
_PORTS = {"http": 80, "https": 443}
_LARGEST_FILE = 16 * 1024 * 1024  # bytes of a PEM file: a bundle of authorities has some 200 KiB
# A host and perhaps a port, alone or after gRPC's own names for addresses.
_HOST = re.compile(r"(?:dns:(?://[^/]*/)?|ipv4:|ipv6:)?(\[[^]]+\]|[^:/\[\]]+)(?::(\d+))?")

# Only the shipper decides when to try again. Idle connections are closed: firewalls drop them
# without a close, and servers of Go close the connection of a client that pings often.
_Options: TypeAlias = tuple[tuple[str, int | str], ...]
_CHANNEL: _Options = (
    ("grpc.primary_user_agent", f"fuse-otel/{__version__}"),
    ("grpc.enable_retries", 0),
    ("grpc.service_config_disable_resolution", 1),
    ("grpc.client_idle_timeout_ms", 60_000),
    # Otherwise a new channel would take over the back-off of the one before it.
    ("grpc.use_local_subchannel_pool", 1),
    # ``net.Proxies`` reads the variables, so that HTTP and gRPC agree.
    ("grpc.enable_http_proxy", 0),
)
# The connection may be the cause, also if it looks alive.
_DOUBTFUL = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})


class OtlpGrpc:
    """May be used by the lanes of both signals at once. Raises ``ConfigurationError`` when it is
    made.
    """

    def __init__(self, options: OtlpOptions) -> None:
        headers = [headers.items() for headers in options.headers.values()]
        self._secrets = tuple(secrets_of(pair for pairs in headers for pair in pairs))
        credentials = _credentials(options)
        proxies = net.Proxies(first="grpc")
        self._connections = {
            signal: _Connection(options, signal, credentials, proxies) for signal in options.urls
        }

    def send(self, signal: Signal, data: bytes, items: int) -> ExportResult:
        connection = self._connections[signal]
        try:
            request = inflate(data)  # gRPC compresses itself
        except ValueError as error:
            return PermanentFailure("damaged", f"the stored batch is damaged: {error}")
        timeout = net.left(connection.timeout)
        try:
            result = result_of(connection.exchange(request, timeout), items, timeout)
        except Exception as error:  # noqa: BLE001 - whatever a peer makes the libraries raise
            connection.hang_up()
            result = unexpected(error)
        if isinstance(result, Accepted):
            return result
        return replace(result, reason=scrub(result.reason, self._secrets))

    def close(self) -> None:
        for connection in self._connections.values():
            connection.hang_up()


_Export = Callable[..., bytes]


class _Connection:
    """One signal's connection. It is opened by the first request, and again after one that
    reached no peer: a channel of gRPC would itself wait, up to minutes, after its peer came back.
    """

    def __init__(
        self,
        options: OtlpOptions,
        signal: Signal,
        credentials: grpc.ChannelCredentials,
        proxies: net.Proxies,
    ) -> None:
        owner = f"{options.name}, {signal}"
        self.timeout = options.seconds(signal)
        target, secure = _target(options.urls[signal], options.insecure, owner)
        self._target, self._options = _route(target, secure, proxies)
        self._credentials = credentials if secure else None
        self._method = _METHODS[signal]
        self._metadata = _metadata(options.headers.get(signal, {}), owner)
        gzip, none = grpc.Compression.Gzip, grpc.Compression.NoCompression
        self._compression = gzip if options.compressed(signal) else none
        self._lock = Lock()
        self._channel: grpc.Channel | None = None

    def exchange(self, request: bytes, timeout: float) -> GrpcResponse:
        try:
            body = self._export()(
                request,
                timeout=timeout,
                metadata=self._metadata,
                compression=self._compression,
            )
        except grpc.RpcError as error:
            if error.code() in _DOUBTFUL:
                self.hang_up()
            return _response(error)
        return GrpcResponse(OK, body=body)

    def hang_up(self) -> None:
        with self._lock:
            channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()

    def _export(self) -> _Export:
        with self._lock:
            if self._channel is None:
                self._channel = self._open()
            # Without serializers bytes go out and come in as they are.
            export: _Export = self._channel.unary_unary(self._method)
            return export

    def _open(self) -> grpc.Channel:
        if self._credentials is None:
            return grpc.insecure_channel(self._target, self._options)
        return grpc.secure_channel(self._target, self._credentials, self._options)


def _credentials(options: OtlpOptions) -> grpc.ChannelCredentials:
    """Reads the files also if no connection uses them, to report their problems."""
    paths = (options.certificate, options.client_certificate, options.client_key)
    tls_context(options)
    roots, chain, key = (path and read_bounded(path, _LARGEST_FILE).data for path in paths)
    roots = roots or net.default_authorities()
    # A key may be in the file of its certificate.
    return grpc.ssl_channel_credentials(roots or None, key or chain or None, chain or None)


def _response(error: grpc.RpcError) -> GrpcResponse:
    trailers = {each.key: each.value for each in error.trailing_metadata() or ()}
    status = trailers.get(_DETAILS, b"")
    return GrpcResponse(
        error.code().name,
        error.details() or "",
        status if isinstance(status, bytes) else b"",
    )


def _target(url: str, insecure: bool, owner: str) -> tuple[str, bool]:
    """GRPC's name of the peer, and whether the connection uses TLS."""
    scheme, _, rest = url.partition("://")
    if scheme not in _PORTS:
        return url, not insecure
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _PORTS[scheme]
    except ValueError:
        host, port = None, 0
    if not host or "@" in rest:
        # The address is not repeated: it may hold a password.
        raise ConfigurationError([f"The endpoint of {owner} is no address of gRPC"])
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}", scheme == "https"


def _route(target: str, secure: bool, proxies: net.Proxies) -> tuple[str, _Options]:
    """Where to connect, and the options of the channel. Through a proxy the connection goes there,
    and gRPC asks it for the target with CONNECT.
    """
    match = _HOST.fullmatch(target)  # a socket in the file system has no proxy
    host, port = (match[1], int(match[2] or _PORTS["https"])) if match else ("", 0)
    proxy = proxies.of("https" if secure else "http", host, port) if host else None
    if proxy is None:
        return target, _CHANNEL
    if proxy.is_tls:
        problem = f"{proxy.variable}: gRPC cannot use a proxy over https. Use an http:// URL."
        raise ConfigurationError([problem])
    server = f"{host}:{port}"
    options = [("grpc.http_connect_server", server), ("grpc.default_authority", server)]
    if proxy.credentials:
        encoded = b64encode(proxy.credentials.encode()).decode()
        options.append(("grpc.http_connect_headers", f"Proxy-Authorization:Basic {encoded}"))
    return proxy.address, (*_CHANNEL, *options)


def _metadata(headers: Mapping[str, str], owner: str) -> tuple[tuple[str, str], ...]:
    """GRPC's names are in lower case."""
    pairs = tuple((name.lower(), value) for name, value in headers.items())
    if not all(value.isascii() for pair in pairs for value in pair):
        raise ConfigurationError([f"A header of {owner} holds more than ASCII"])
    return pairs
