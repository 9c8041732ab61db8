"""``fuse-otel health``: whether the daemon at the configured address is healthy, for the health
checks of containers.
"""

from __future__ import annotations

import argparse
import ssl
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING

from fuse_otel.cli.output import print_lines
from fuse_otel.cli.settings_flags import load_settings
from fuse_otel.errors import ConfigurationError

if TYPE_CHECKING:
    from fuse_otel.config.file.web_config import WebConfig
    from fuse_otel.config.settings import Settings

_DONE, _FAILED = 0, 1
_TIMEOUT = 4.0  # seconds for each step, below the usual limit of a health check
_MOST = 4096  # bytes of the answer
# Addresses that a server listens on and a client cannot connect to.
_LOOPBACK = {"0.0.0.0": ("127.0.0.1",), "::": ("::1", "127.0.0.1")}  # noqa: S104 - only compared


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ready", action="store_true", help="ask whether it is ready instead of healthy"
    )


def run(args: argparse.Namespace) -> int:
    """One line either way. Also for a wrong configuration the exit code is 1: Docker reserves the
    other ones.
    """
    try:
        settings = load_settings(args, needs_account=False).settings
    except ConfigurationError as error:
        problem = f"The configuration is not valid: {error.problems[0]}"
    else:
        problem = _problem(settings, "/-/ready" if args.ready else "/-/healthy")
    line = problem or ("ready" if args.ready else "healthy")
    return _DONE if print_lines([" ".join(line.split())]) and not problem else _FAILED


def _problem(settings: Settings, path: str) -> str:
    """Empty if the daemon answers that all is well."""
    host, port = settings.listen
    if port == 0:
        return "FUSE_OTEL_LISTEN has the port 0, so that the port is not known."
    problem = ""
    for address in _LOOPBACK.get(host, (host,)):
        try:
            return _answer(settings.web_config, address, port, path)
        except (OSError, HTTPException) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            problem = f"No answer from {settings.listen}: {reason}."
    return problem


def _answer(web: WebConfig | None, host: str, port: int, path: str) -> str:
    """Raises ``OSError`` or ``HTTPException`` if there is none."""
    connection = _connection(web, host, port)
    try:
        connection.request("GET", path, headers=_headers(web))
        response: HTTPResponse = connection.getresponse()
        text = response.read(_MOST).decode("utf-8", "replace")
    finally:
        connection.close()
    return "" if response.status == 200 else f"{response.status}: {text}"  # noqa: PLR2004 - HTTP


def _connection(web: WebConfig | None, host: str, port: int) -> HTTPConnection:
    if web is None or web.tls is None:
        return HTTPConnection(host, port, timeout=_TIMEOUT)
    # The certificate is for the name of the port and not for this address. Nothing secret is sent.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if web.tls.verify_mode != ssl.CERT_NONE:
        # The daemon's own certificate: often it is of the same authority as those of the clients.
        context.load_cert_chain(web.cert_file, web.key_file, password=lambda: "")
    return HTTPSConnection(host, port, timeout=_TIMEOUT, context=context)


def _headers(web: WebConfig | None) -> dict[str, str]:
    if web is None or not web.has_passwords:
        return {}
    from fuse_otel.assembly.web_access import access_of  # noqa: PLC0415 - for these alone

    return {"Authorization": f"Bearer {access_of(web).probe_token}"}
