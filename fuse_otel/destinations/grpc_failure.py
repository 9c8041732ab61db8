"""What gRPC's library says when it finds no back end to talk to → what became of the request.

There are no codes for it: the library's sentences are read. One that changes is tried again, which
loses nothing; the tests hold each to a real peer.
"""

from __future__ import annotations

import re

from fuse_otel.core.outcome import Held, Outcome, Retry
from fuse_otel.destinations.http_answer import refused_by_proxy

_NO_CONNECTION = re.compile(r"failed to connect to all addresses; last error: (?:[A-Z_]+: )?")
_NO_NAME = "errors resolving "
_UNTRUSTED = re.compile(r"CERTIFICATE_VERIFY_FAILED(?:: (?P<why>[^:]+))?")
_OTHER_HOST = "Hostname Verification Check failed"
_NO_TLS = re.compile(r"(?:Tls|Ssl) handshake failed .*?(?:OPENSSL_internal:(?P<why>[A-Z0-9_]+)|$)")
# The alert of a server of Go that misses our certificate.
_BROKEN_OFF = "Unwrap failed (TSI_DATA_CORRUPTED)"
_PROXY = re.compile(r"HTTP proxy returned response code (\d{3})")
_NO_HTTP_2 = ("Failed parsing HTTP/2", "missing selected ALPN")
_PASSING_HTTP_1 = re.compile(r"HTTP status 5\d\d")
# A TLS port that hears plain text gives no reason; neither does one that misses a certificate.
_CUT = ("Socket closed", "Connection reset", "Broken pipe")


def outcome_of_no_connection(said: str) -> Outcome | None:
    """``None`` where it was the back end itself that said so."""
    if said.startswith(_NO_NAME):
        return Retry("network", said)
    refused = _NO_CONNECTION.match(said)
    if refused is None:
        return None
    why = said[refused.end() :]
    proxy = _PROXY.search(why)
    if proxy is not None:
        return refused_by_proxy(int(proxy[1]))
    return _disagreement(why) or _another_protocol(why) or Retry("network", _hinted(why))


def _disagreement(why: str) -> Held | None:
    """Both sides were there and could not agree on TLS."""
    untrusted = _UNTRUSTED.search(why)
    if untrusted:
        reason = untrusted["why"] or "it cannot be verified"
        return Held("tls", f"the back end's certificate is not trusted: {reason}")
    if _OTHER_HOST in why:
        return Held("tls", "the back end's certificate is not trusted: it is of another host")
    if _BROKEN_OFF in why:
        return Held("tls", "the back end broke TLS off; check the client certificate")
    failed = _NO_TLS.search(why)
    if failed:
        hint = "check the certificates, and that the endpoint speaks TLS (else write http://)"
        return Held("tls", f"TLS failed: {failed['why'] or 'no common ground'}; {hint}")
    return None


def _another_protocol(why: str) -> Held | None:
    if not any(words in why for words in _NO_HTTP_2) or _PASSING_HTTP_1.search(why):
        return None
    hint = "check the port: OTLP over HTTP (often 4318) is another protocol"
    return Held("protocol", f"what answers speaks no gRPC; {hint}")


def _hinted(why: str) -> str:
    if any(words in why for words in _CUT):
        return f"{why} before a word was said; a TLS port needs https://, some a client certificate"
    return why
