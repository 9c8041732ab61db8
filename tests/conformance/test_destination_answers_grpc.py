"""What a back end may answer over gRPC, and what it is taken for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.builders.ship_values import encoded
from support.fakes.grpc_answer import (
    ACCEPTED,
    EMPTY_PARTIAL_SUCCESS,
    GrpcAnswer,
    records_rejected,
    retry_in,
    spans_rejected,
)
from support.fakes.grpc_receiver import GrpcReceiver

from fuse_otel.core.batching.export_result import (
    Accepted,
    ExportResult,
    PartialSuccess,
    PermanentFailure,
    RequestTooLarge,
    Retry,
    Suspended,
)
from fuse_otel.core.batching.gzip_member import deflate
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.destinations.options import OtlpOptions
from fuse_otel.destinations.otlp_grpc import OtlpGrpc
from fuse_otel.net.quiet_grpc import grpc

OK = Accepted("OK")
TOO_LONG = "check the endpoint: the answer is larger than the limit of 4 MiB"
FAR_BEHIND = "entry too far behind, entry timestamp is: 2026-11-18T23:00:00Z"
GO_TOO_LARGE = "grpc: received message larger than max (5000000 vs. 4194304)"
JAVA_TOO_LARGE = "gRPC message exceeds maximum size 4194304: 5000000"

LATER = (
    "UNAVAILABLE", "ABORTED", "CANCELLED", "DEADLINE_EXCEEDED", "OUT_OF_RANGE", "DATA_LOSS",
    "UNKNOWN", "INTERNAL", "RESOURCE_EXHAUSTED",
)  # fmt: skip
FOR_THE_OPERATOR = {
    "UNAUTHENTICATED": "check the credentials in the headers",
    "PERMISSION_DENIED": "check the credentials in the headers and what they may do",
    "UNIMPLEMENTED": "check the endpoint, and whether the back end takes this signal"
    " (Jaeger takes no logs: set OTEL_LOGS_EXPORTER=none)",
    "NOT_FOUND": "check the endpoint",
}
REFUSED = ("INVALID_ARGUMENT", "FAILED_PRECONDITION", "ALREADY_EXISTS")

TABLE: dict[str, tuple[GrpcAnswer, ExportResult]] = {
    # taken
    "an export response": (ACCEPTED, OK),
    "an empty partial success": (EMPTY_PARTIAL_SUCCESS, OK),
    "a warning": (spans_rejected(0, "slow down"), OK),
    "a nonsensical count": (spans_rejected(-3, "?"), OK),
    "a field of a newer OTLP": (ACCEPTED.but(body=b"\x10\x07"), OK),
    # taken in part
    "spans rejected": (spans_rejected(1, "too old"), PartialSuccess("OK", 1, "too old")),
    "log records rejected": (records_rejected(1, "too old"), PartialSuccess("OK", 1, "too old")),
    # refused
    "all spans rejected": (spans_rejected(2, "no"), PermanentFailure("OK", "no")),
    "all records rejected as too late": (
        records_rejected(9, FAR_BEHIND),
        PermanentFailure("OK", FAR_BEHIND, one_record=True),
    ),
    **{
        f"{code} with words": (
            GrpcAnswer(code, "bad span"),
            PermanentFailure(code, f"{code}: bad span"),
        )
        for code in REFUSED
    },
    "INVALID_ARGUMENT without a word": (
        GrpcAnswer("INVALID_ARGUMENT"),
        PermanentFailure("INVALID_ARGUMENT", "INVALID_ARGUMENT"),
    ),
    "a record that came late": (
        GrpcAnswer("INVALID_ARGUMENT", FAR_BEHIND),
        PermanentFailure("INVALID_ARGUMENT", f"INVALID_ARGUMENT: {FAR_BEHIND}", one_record=True),
    ),
    # too large
    "too large for a server of Go": (
        GrpcAnswer("RESOURCE_EXHAUSTED", GO_TOO_LARGE),
        RequestTooLarge(
            "RESOURCE_EXHAUSTED",
            "RESOURCE_EXHAUSTED: grpc: received message larger than max ([digits] vs. [digits])",
        ),
    ),
    "too large for a server of Java": (
        GrpcAnswer("RESOURCE_EXHAUSTED", JAVA_TOO_LARGE),
        RequestTooLarge(
            "RESOURCE_EXHAUSTED",
            "RESOURCE_EXHAUSTED: gRPC message exceeds maximum size [digits]: [digits]",
        ),
    ),
    # later
    **{
        f"{code} with words": (GrpcAnswer(code, "oops"), Retry(code, f"{code}: oops"))
        for code in LATER
    },
    **{
        f"{code} with a time": (
            retry_in(code, "slow down", 17, 500_000_000),
            Retry(code, f"{code}: slow down", 17.5),
        )
        for code in ("UNAVAILABLE", "RESOURCE_EXHAUSTED")
    },
    "a time of most of a day": (
        retry_in("UNAVAILABLE", "", 80_000),
        Retry("UNAVAILABLE", "UNAVAILABLE", 3600.0),
    ),
    "a time of a year": (
        retry_in("UNAVAILABLE", "", 31_536_000),
        Retry("UNAVAILABLE", "UNAVAILABLE"),
    ),
    "a time before now": (
        retry_in("UNAVAILABLE", "", -5),
        Retry("UNAVAILABLE", "UNAVAILABLE", 0.0),
    ),
    "a time that is not told": (
        retry_in("UNAVAILABLE", "", None),
        Retry("UNAVAILABLE", "UNAVAILABLE", 0.0),
    ),
    "the words of the status where there are no others": (
        retry_in("UNAVAILABLE", "slow down", 1).but(details=""),
        Retry("UNAVAILABLE", "UNAVAILABLE: slow down", 1.0),
    ),
    "a status that is none": (
        GrpcAnswer("UNAVAILABLE", "oops", status=b"\xff"),
        Retry("UNAVAILABLE", "UNAVAILABLE: oops"),
    ),
    "a gateway that relays what it met": (
        GrpcAnswer("UNAVAILABLE", "connection error: Ssl handshake failed (TSI_PROTOCOL_FAILURE)"),
        Retry(
            "UNAVAILABLE",
            "UNAVAILABLE: connection error: Ssl handshake failed (TSI_PROTOCOL_FAILURE)",
        ),
    ),
    # for the operator
    **{
        f"{code} with words": (GrpcAnswer(code, "no"), Suspended(code, f"{code}; {hint}: no"))
        for code, hint in FOR_THE_OPERATOR.items()
    },
    "words as a success": (
        ACCEPTED.but(body=b"<html>"),
        Suspended("OK", "check the endpoint: this is no answer of OTLP"),
    ),
    "protobuf of another shape": (
        ACCEPTED.but(body=b"\x08\x01"),
        Suspended("OK", "check the endpoint: this is no answer of OTLP"),
    ),
    "a success far too long": (
        ACCEPTED.but(body=b"\n\x00" * 3_000_000),
        Suspended("RESOURCE_EXHAUSTED", TOO_LONG),
    ),
}


@pytest.fixture(scope="module")
def receiver() -> Iterator[GrpcReceiver]:
    with GrpcReceiver() as running:
        yield running


@pytest.mark.parametrize(("answer", "outcome"), TABLE.values(), ids=TABLE.keys())
def test_an_answer_is_taken_for_what_it_is(receiver, answer, outcome):
    destination = OtlpGrpc(OtlpOptions("main", {Signal.TRACES: receiver.url}))
    receiver.then(answer)
    data = deflate(encoded(Signal.TRACES, "a", items=2))
    assert destination.send(Signal.TRACES, data, 2) == outcome
    destination.close()


def test_every_code_of_grpc_is_in_the_table():
    assert {answer.code for answer, _ in TABLE.values()} == {code.name for code in grpc.StatusCode}
