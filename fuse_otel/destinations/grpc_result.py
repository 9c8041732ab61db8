"""What became of an export request over gRPC, from the status of the call.

https://opentelemetry.io/docs/specs/otlp/#failures with one deviation: RESOURCE_EXHAUSTED without a
time to wait is retried too, because overloaded back ends answer so.

A call that reached no back end has a status of the gRPC library, which has no code for the cause.
So its message is read. If a new release changes a message, the lane retries, which loses nothing.
The tests compare each message with a real peer.
"""

from __future__ import annotations

import re

from msgspec import Struct

from fuse_otel.core.batching.export_result import (
    ExportResult,
    PermanentFailure,
    RequestTooLarge,
    Retry,
    Suspended,
)
from fuse_otel.destinations.http_result import refused_by_proxy
from fuse_otel.destinations.otlp_response import (
    TAKES_SIGNAL,
    TOO_LONG,
    Foreign,
    RpcStatus,
    about_one_record,
    partial_success,
    result_of_success,
    rpc_status,
    sentence,
)

OK = "OK"
_EXHAUSTED, _DEADLINE, _UNAVAILABLE = "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "UNAVAILABLE"
_RETRY = frozenset(
    {
        _UNAVAILABLE, _DEADLINE, _EXHAUSTED, "ABORTED", "CANCELLED", "OUT_OF_RANGE", "DATA_LOSS",
        "UNKNOWN", "INTERNAL",
    }
)  # fmt: skip
# The configuration is wrong, not the data.
_SUSPENDED = {
    "UNAUTHENTICATED": "check the credentials in the headers",
    "PERMISSION_DENIED": "check the credentials in the headers and what they may do",
    # Jaeger, which stores traces only, answers so to log records.
    "UNIMPLEMENTED": f"check the endpoint, and {TAKES_SIGNAL}",
    "NOT_FOUND": "check the endpoint",
}
# The messages of servers in C++, Go and Java.
_LARGER = ("larger than max", "exceeds maximum size")
# The messages of the gRPC library on our side of the connection.
_OUR_SIDE = "CLIENT: Received message larger"
_OUR_DEADLINE = re.compile(r"(.*\()?Deadline Exceeded\)?")
_OUR_METADATA = "Invalid metadata"


class GrpcResponse(Struct, frozen=True):
    """``code``: the status by its name. ``details``: its message. ``status``: a serialized
    ``google.rpc.Status`` if there is one. ``body`` comes only with ``OK``.
    """

    code: str
    details: str = ""
    status: bytes = b""
    body: bytes = b""


def result_of(response: GrpcResponse, items: int, timeout: float) -> ExportResult:
    """``items``: spans or log records that were sent. ``timeout``: the seconds the exchange was
    given. The reason may quote the back end.
    """
    if response.code == OK:
        return _success(response, items)
    status = rpc_status(response.status) or RpcStatus()
    words = response.details or status.message
    if response.code in _SUSPENDED:
        return Suspended(response.code, sentence(response.code, words, _SUSPENDED[response.code]))
    if response.code in _RETRY:
        return _ours(response, timeout) or _later(response, words, status.after)
    return PermanentFailure(
        response.code, sentence(response.code, words), one_record=about_one_record(words)
    )


def _success(response: GrpcResponse, items: int) -> ExportResult:
    try:
        found = partial_success("", response.body)
    except Foreign:
        return Suspended(OK, "check the endpoint: this is no answer of OTLP")
    return result_of_success(OK, found, items)


def _ours(response: GrpcResponse, timeout: float) -> ExportResult | None:
    """The result of an exchange that the library, not a back end, has ended."""
    if response.code == _UNAVAILABLE:
        return result_without_connection(response.details)
    if response.code == _DEADLINE and _OUR_DEADLINE.fullmatch(response.details):
        return Retry("timeout", f"no complete answer within {timeout:.3g} s")
    if response.code == _EXHAUSTED and _OUR_SIDE in response.details:
        return Suspended(response.code, TOO_LONG)
    if response.details == _OUR_METADATA:
        return Suspended("headers", "a configured header cannot be sent")
    return None


def _later(response: GrpcResponse, words: str, after: float | None) -> ExportResult:
    reason = sentence(response.code, words)
    if response.code == _EXHAUSTED and any(part in words for part in _LARGER):
        return RequestTooLarge(response.code, reason)
    return Retry(response.code, reason, after)


_NO_CONNECTION = re.compile(r"failed to connect to all addresses; last error: (?:[A-Z_]+: )?")
_NO_NAME = "errors resolving "
_UNTRUSTED = re.compile(r"CERTIFICATE_VERIFY_FAILED(?:: (?P<why>[^:]+))?")
_OTHER_HOST = "Hostname Verification Check failed"
_NO_TLS = re.compile(r"(?:Tls|Ssl) handshake failed .*?(?:OPENSSL_internal:(?P<why>[A-Z0-9_]+)|$)")
# The TLS alert of a Go server that requires a client certificate.
_BROKEN_OFF = "Unwrap failed (TSI_DATA_CORRUPTED)"
_PROXY = re.compile(r"HTTP proxy returned response code (\d{3})")
_NO_HTTP_2 = ("Failed parsing HTTP/2", "missing selected ALPN")
_PASSING_HTTP_1 = re.compile(r"HTTP status 5\d\d")
# A TLS port gives no reason if it receives plain text, or no client certificate.
_CUT = ("Socket closed", "Connection reset", "Broken pipe")


def result_without_connection(details: str) -> ExportResult | None:
    """``None`` if the message is from the back end."""
    if details.startswith(_NO_NAME):
        return Retry("network", details)
    refused = _NO_CONNECTION.match(details)
    if refused is None:
        return None
    why = details[refused.end() :]
    proxy = _PROXY.search(why)
    if proxy is not None:
        return refused_by_proxy(int(proxy[1]))
    return _disagreement(why) or _another_protocol(why) or Retry("network", _hinted(why))


def _disagreement(why: str) -> Suspended | None:
    """Both sides were connected but did not agree on TLS."""
    untrusted = _UNTRUSTED.search(why)
    if untrusted:
        reason = untrusted["why"] or "it cannot be verified"
        return Suspended("tls", f"the back end's certificate is not trusted: {reason}")
    if _OTHER_HOST in why:
        return Suspended("tls", "the back end's certificate is not trusted: it is of another host")
    if _BROKEN_OFF in why:
        return Suspended("tls", "the back end broke TLS off; check the client certificate")
    failed = _NO_TLS.search(why)
    if failed:
        hint = "check the certificates, and that the endpoint speaks TLS (else write http://)"
        return Suspended("tls", f"TLS failed: {failed['why'] or 'no common ground'}; {hint}")
    return None


def _another_protocol(why: str) -> Suspended | None:
    if not any(words in why for words in _NO_HTTP_2) or _PASSING_HTTP_1.search(why):
        return None
    hint = "check the port: OTLP over HTTP (often 4318) is another protocol"
    return Suspended("protocol", f"what answers speaks no gRPC; {hint}")


def _hinted(why: str) -> str:
    if any(words in why for words in _CUT):
        return f"{why} before any answer; a TLS port needs https://, some a client certificate"
    return why
