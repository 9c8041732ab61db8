"""Requests to the pages of the daemon at the configured address."""

from __future__ import annotations

import ssl
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING

from fuse_otel.errors import FuseOtelError
from fuse_otel.web.access import PROBES

if TYPE_CHECKING:
    from fuse_otel.config.file.web_config import WebConfig
    from fuse_otel.config.settings import Settings

_TIMEOUT = 4.0  # seconds for each step, below the usual limit of a health check
# Addresses that a server listens on and a client cannot connect to.
_LOOPBACK = {"0.0.0.0": ("127.0.0.1",), "::": ("::1", "127.0.0.1")}  # noqa: S104 - only compared


class NoAnswer(FuseOtelError):
    """A sentence."""


def ask(settings: Settings, path: str, most: int) -> tuple[int, str]:
    """The status and at most so many bytes of the answer. Raises ``NoAnswer``."""
    host, port = settings.listen
    if port == 0:
        raise NoAnswer("FUSE_OTEL_LISTEN has the port 0, so that the port is not known.")
    problem = ""
    for address in _LOOPBACK.get(host, (host,)):
        try:
            return _answer(settings.web_config, address, port, path, most)
        except (OSError, HTTPException) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            problem = f"No answer from {settings.listen}: {reason}."
    raise NoAnswer(problem)


def _answer(web: WebConfig | None, host: str, port: int, path: str, most: int) -> tuple[int, str]:
    """Raises ``OSError`` or ``HTTPException`` if there is none."""
    token = _token(web, path)
    connection = _connection(web, host, port, pinned=bool(token) and path not in PROBES)
    try:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        connection.request("GET", path, headers=headers)
        response: HTTPResponse = connection.getresponse()
        return response.status, response.read(most).decode("utf-8", "replace")
    finally:
        connection.close()


def _connection(web: WebConfig | None, host: str, port: int, *, pinned: bool) -> HTTPConnection:
    """``pinned``: only to a server with the daemon's own certificate."""
    if web is None or web.tls is None:
        return HTTPConnection(host, port, timeout=_TIMEOUT)
    # The certificate is for the name of the port and not for this address. The token of the probes
    # opens nothing else, so it is no secret.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if web.tls.verify_mode != ssl.CERT_NONE:
        # The daemon's own certificate: often it is of the same authority as those of the clients.
        context.load_cert_chain(web.cert_file, web.key_file, password=lambda: "")
    if pinned:
        context.load_verify_locations(web.cert_file)
        # Not strict: a certificate of one's own often lacks what that asks for.
        context.verify_flags = ssl.VERIFY_X509_PARTIAL_CHAIN
        context.verify_mode = ssl.CERT_REQUIRED
    return HTTPSConnection(host, port, timeout=_TIMEOUT, context=context)


def _token(web: WebConfig | None, path: str) -> str:
    """What opens the page. Empty if it needs nothing, or a password, which only its user knows: a
    wrong token would count as a refused login.
    """
    if web is None or not web.needs_login or path in web.open_paths:
        return ""
    return web.probe_token if path in PROBES else web.token
