"""OTLP over HTTP and over gRPC, for tests of what holds over both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fuse_otel.core.model.telemetry import Signal
from fuse_otel.destinations.options import OtlpOptions
from fuse_otel.destinations.otlp_grpc import OtlpGrpc
from fuse_otel.destinations.otlp_http import OtlpHttp
from support.fakes import grpc_answer, otlp_answer
from support.fakes.grpc_answer import GrpcAnswer
from support.fakes.grpc_receiver import GrpcReceiver
from support.fakes.otlp_answer import Answer
from support.fakes.otlp_receiver import OtlpReceiver
from support.fakes.tls_files import Certificate

AnyReceiver = OtlpReceiver | GrpcReceiver


@dataclass(frozen=True)
class OtlpProtocol:
    """``secured``: our certificate, those of the clients to ask for → a receiver over TLS.
    ``word`` is what settings call it.
    ``refused``: words → an answer that is about the data; ``refusal`` is its code.
    ``troubles``: name → an answer after which the same request is sent again.
    """

    word: str
    receiver: Callable[..., Any]
    secured: Callable[..., Any]
    destination: Callable[..., Any]
    path: str
    refused: Callable[[str], Any]
    refusal: str
    rejected: Callable[[int, str], Any]
    too_large: Any
    busy: Any
    unauthorised: Any
    troubles: Mapping[str, Any]

    @property
    def settings(self) -> dict[str, str]:
        return {"OTEL_EXPORTER_OTLP_PROTOCOL": self.word}

    def to(
        self, url: str, name: str = "main", timeout: float = 30.0, **options: Any
    ) -> OtlpHttp | OtlpGrpc:
        """A destination of both signals."""
        return self.destination(
            OtlpOptions(
                name,
                {signal: url + self.path.format(signal) for signal in Signal},
                timeout=dict.fromkeys(Signal, timeout),
                **options,
            )
        )


def _over_tls(own: Certificate, clients: Certificate | None = None) -> OtlpReceiver:
    return OtlpReceiver(tls=own.server(clients))


def _grpc_over_tls(own: Certificate, clients: Certificate | None = None) -> GrpcReceiver:
    return GrpcReceiver(tls=own, clients=clients)


def _grpc_refused(words: str) -> GrpcAnswer:
    return GrpcAnswer("INVALID_ARGUMENT", words)


def _http_refused(words: str) -> Answer:
    return otlp_answer.status(400, words)


HTTP = OtlpProtocol(
    word="http/protobuf",
    receiver=OtlpReceiver,
    secured=_over_tls,
    destination=OtlpHttp,
    path="/v1/{}",
    refused=_http_refused,
    refusal="400 Bad Request",
    rejected=otlp_answer.records_rejected,
    too_large=otlp_answer.text(413),
    busy=otlp_answer.text(503, "starting"),
    unauthorised=otlp_answer.status(401, "no token"),
    troubles={
        "503": otlp_answer.text(503, "starting"),
        "500": otlp_answer.text(500),
        "429": otlp_answer.text(429, Retry_After="0"),
        "408": otlp_answer.text(408),
        "hang up": otlp_answer.HANG_UP,
        "page": otlp_answer.HTML.but(keep=False),
        "401": otlp_answer.text(401),
        "redirect": otlp_answer.text(302, "", Location="https://login.example/"),
        "silence": otlp_answer.ACCEPTED.but(delay=60, keep=False),
        "dribbling": otlp_answer.text(200, "x" * 1000, otlp_answer.PROTOBUF).but(
            dribble=0.1, keep=False
        ),
    },
)
GRPC = OtlpProtocol(
    word="grpc",
    receiver=GrpcReceiver,
    secured=_grpc_over_tls,
    destination=OtlpGrpc,
    path="",
    refused=_grpc_refused,
    refusal="INVALID_ARGUMENT",
    rejected=grpc_answer.records_rejected,
    too_large=GrpcAnswer("RESOURCE_EXHAUSTED", "grpc: received message larger than max (5 vs. 4)"),
    busy=GrpcAnswer("UNAVAILABLE", "starting"),
    unauthorised=GrpcAnswer("UNAUTHENTICATED", "no token"),
    troubles={
        "unavailable": GrpcAnswer("UNAVAILABLE", "starting"),
        "exhausted": grpc_answer.retry_in("RESOURCE_EXHAUSTED", "slow down", 0),
        "aborted": GrpcAnswer("ABORTED"),
        "internal": GrpcAnswer("INTERNAL"),
        "foreign": grpc_answer.ACCEPTED.but(body=b"<html>", keep=False),
        "unauthenticated": GrpcAnswer("UNAUTHENTICATED"),
        "unimplemented": GrpcAnswer("UNIMPLEMENTED"),
        "silence": grpc_answer.ACCEPTED.but(delay=60, keep=False),
    },
)
BOTH = {"http": HTTP, "grpc": GRPC}
