"""A gRPC status in answer to an export request → what became of the request.

https://opentelemetry.io/docs/specs/otlp/#failures with one deviation: RESOURCE_EXHAUSTED is tried
again also where no time is told, as back ends give it while they are overloaded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fuse_otel.core.outcome import Held, Outcome, Refused, Retry, TooLarge
from fuse_otel.destinations.answers import Foreign, partial_success
from fuse_otel.destinations.export_answer import about_one_record, outcome_of_success
from fuse_otel.destinations.grpc_failure import outcome_of_no_connection
from fuse_otel.destinations.rpc_status import RpcStatus, rpc_status

OK = "OK"
_EXHAUSTED, _DEADLINE, _UNAVAILABLE = "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "UNAVAILABLE"
_RETRY = frozenset(
    {
        _UNAVAILABLE, _DEADLINE, _EXHAUSTED, "ABORTED", "CANCELLED", "OUT_OF_RANGE", "DATA_LOSS",
        "UNKNOWN", "INTERNAL",
    }
)  # fmt: skip
# Ours to mend: nothing is wrong with the data.
_HELD = {
    "UNAUTHENTICATED": "check the credentials in the headers",
    "PERMISSION_DENIED": "check the credentials in the headers and what they may do",
    "UNIMPLEMENTED": "check the endpoint: it does not take such export requests",
    "NOT_FOUND": "check the endpoint",
}
# How the servers of C++, Go and Java say it.
_LARGER = ("larger than max", "exceeds maximum size")
# What gRPC's own library says on our side of the connection.
_OUR_SIDE = "CLIENT: Received message larger"
_OUR_DEADLINE = re.compile(r"(.*\()?Deadline Exceeded\)?")
_OUR_METADATA = "Invalid metadata"


@dataclass(frozen=True, slots=True)
class Answer:
    """``code``: the status by its name. ``details``: its words. ``status``: a serialized
    ``google.rpc.Status`` if there is one. ``body`` comes with ``OK`` alone.
    """

    code: str
    details: str = ""
    status: bytes = b""
    body: bytes = b""


def outcome_of(answer: Answer, items: int, timeout: float) -> Outcome:
    """``items``: spans or log records that were sent. ``timeout``: the seconds the exchange was
    given. The reason may quote the back end.
    """
    if answer.code == OK:
        return _success(answer, items)
    told = rpc_status(answer.status) or RpcStatus()
    words = answer.details or told.message
    if answer.code in _HELD:
        return Held(answer.code, _sentence(answer.code, words, _HELD[answer.code]))
    if answer.code in _RETRY:
        return _ours(answer, timeout) or _later(answer, words, told.after)
    return Refused(answer.code, _sentence(answer.code, words), one_record=about_one_record(words))


def _success(answer: Answer, items: int) -> Outcome:
    try:
        told = partial_success("", answer.body)
    except Foreign:
        return Held(OK, "check the endpoint: this is no answer of OTLP")
    return outcome_of_success(OK, told, items)


def _ours(answer: Answer, timeout: float) -> Outcome | None:
    """What no back end said but the library, of an exchange that it could not finish."""
    if answer.code == _UNAVAILABLE:
        return outcome_of_no_connection(answer.details)
    if answer.code == _DEADLINE and _OUR_DEADLINE.fullmatch(answer.details):
        return Retry("timeout", f"no complete answer within {timeout:.3g} s")
    if answer.code == _EXHAUSTED and _OUR_SIDE in answer.details:
        return Held(answer.code, "check the endpoint: this answer is too long to be OTLP's")
    if answer.details == _OUR_METADATA:
        return Held("headers", "a configured header cannot be sent")
    return None


def _later(answer: Answer, words: str, after: float | None) -> Outcome:
    sentence = _sentence(answer.code, words)
    if answer.code == _EXHAUSTED and any(part in words for part in _LARGER):
        return TooLarge(answer.code, sentence)
    return Retry(answer.code, sentence, after)


def _sentence(code: str, words: str, hint: str = "") -> str:
    """The hint comes before the foreign words: those may be long."""
    ours = f"{code}; {hint}" if hint else code
    return f"{ours}: {words}" if words else ours
