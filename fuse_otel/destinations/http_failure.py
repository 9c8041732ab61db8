"""An exchange that httpx could not finish → what became of the request."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator

import httpx

from fuse_otel.core.outcome import Held, Outcome, Retry
from fuse_otel.destinations.http_answer import refused_by_proxy
from fuse_otel.net import words_of

# A connection that broke while TLS was spoken, not a disagreement about TLS.
_BROKEN = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
# What h11 says of a first line that is no HTTP/1.1: a TLS alert, a gRPC preface, a mail server.
_NO_STATUS_LINE = ("illegal request line", "illegal status line")
_STATUS = re.compile(r"\d{3}")


def outcome_of_failure(error: httpx.HTTPError, timeout: float) -> Outcome:
    """``timeout``: the seconds the exchange was given. The reason may quote the back end."""
    if isinstance(error, httpx.ProxyError):
        return _proxy(error)
    return _disagreement(error) or _misconfigured(error) or _passing(error, timeout)


def _disagreement(error: httpx.HTTPError) -> Held | None:
    """Both sides were there and could not agree on TLS."""
    cause = next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLError)), None)
    if cause is None or isinstance(cause, _BROKEN):
        return None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Held("tls", f"the back end's certificate is not trusted: {cause.verify_message}")
    hint = "check the certificates, and that the endpoint speaks TLS (else write http://)"
    return Held("tls", f"TLS failed: {cause.reason or 'no common ground'}; {hint}")


def _misconfigured(error: httpx.HTTPError) -> Held | None:
    if isinstance(error, httpx.LocalProtocolError):
        # What h11 says would quote the header, which may be a credential.
        return Held("headers", "a configured header cannot be sent")
    if isinstance(error, httpx.RemoteProtocolError) and str(error).startswith(_NO_STATUS_LINE):
        hint = "check the port: TLS needs https://, gRPC (often 4317) is another protocol"
        return Held("protocol", f"what answers speaks no HTTP; {hint}")
    return None


def _passing(error: httpx.HTTPError, timeout: float) -> Retry:
    if isinstance(error, httpx.TimeoutException):
        return Retry("timeout", f"no complete answer within {timeout:.3g} s")
    if isinstance(error, httpx.RemoteProtocolError):
        return Retry("network", "the back end closed the connection before its answer was whole")
    return Retry("network", words_of(error) or "the connection broke")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _proxy(error: httpx.ProxyError) -> Outcome:
    """The proxy's refusal to connect begins with its status; one that speaks SOCKS has none."""
    found = _STATUS.match(str(error))
    if found is None:
        return Retry("proxy", "the proxy refused to connect")
    return refused_by_proxy(int(found[0]))
