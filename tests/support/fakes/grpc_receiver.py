"""A real OTLP/gRPC back end on loopback: it decodes with OpenTelemetry's own protobuf classes,
keeps what it took and answers as it is told.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Self

from google.protobuf.message import DecodeError

from fuse_otel.net.quiet_grpc import grpc
from support.fakes.grpc_answer import ACCEPTED, GrpcAnswer
from support.fakes.otlp_request import Request, decoded
from support.fakes.receiver import Receiver
from support.fakes.tls_files import Certificate

_PATHS = {
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export": "/v1/traces",
    "/opentelemetry.proto.collector.logs.v1.LogsService/Export": "/v1/logs",
}
_DETAILS = "grpc-status-details-bin"


class GrpcReceiver(Receiver[GrpcAnswer]):
    """``with GrpcReceiver() as receiver``: listens at ``receiver.url`` until the block ends. With
    ``port`` a receiver that was stopped comes back. An ``address`` of gRPC replaces host and port;
    it has no ``url``. ``max_size`` bounds a request, inflated.

    A request's ``path`` is what it would be over HTTP; its ``content`` is inflated already.
    """

    def __init__(
        self,
        *answers: GrpcAnswer,
        decide: Callable[[Request], GrpcAnswer | None] = lambda _: None,
        port: int = 0,
        address: str = "",
        tls: Certificate | None = None,
        clients: Certificate | None = None,
        max_size: int = 4 * 1024 * 1024,
    ) -> None:
        super().__init__(answers, decide, ACCEPTED)
        self.stopping = threading.Event()
        self.failures: list[Exception] = []
        self._scheme = "https" if tls else "http"
        self._pool = ThreadPoolExecutor(4)
        self._server = grpc.server(
            self._pool,
            options=[("grpc.max_receive_message_length", max_size), ("grpc.so_reuseport", 0)],
        )
        self._server.add_generic_rpc_handlers((_Services(self),))
        address = address or f"127.0.0.1:{port}"
        self.port = (
            self._server.add_secure_port(address, _credentials(tls, clients))
            if tls
            else self._server.add_insecure_port(address)
        )

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def start(self) -> Self:
        self._server.start()
        return self

    def stop(self) -> None:
        self.stopping.set()
        self._server.stop(0).wait()
        self._pool.shutdown()
        if self.failures:
            raise ExceptionGroup("the receiver failed", self.failures)

    def answer(self, method: str, content: bytes, context: grpc.ServicerContext) -> bytes:
        headers = {each.key: each.value for each in context.invocation_metadata()}
        try:
            message = decoded(_PATHS[method], content)
        except DecodeError:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "this is no OTLP")
        request = Request(_PATHS[method], headers, content, content, message, kept=True)
        answer = self._take(request)
        self.stopping.wait(answer.delay)
        if answer.status is not None:
            context.set_trailing_metadata(((_DETAILS, answer.status),))
        context.set_code(grpc.StatusCode[answer.code])
        context.set_details(answer.details)
        return answer.body


class _Services(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Both of OTLP's services; any other is UNIMPLEMENTED. The bytes stay as they are."""

    def __init__(self, receiver: GrpcReceiver) -> None:
        self._receiver = receiver

    def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        method = str(call.method)
        if method not in _PATHS:
            return None

        def export(content: bytes, context: grpc.ServicerContext) -> bytes:
            try:
                return self._receiver.answer(method, content, context)
            except Exception as error:
                if type(error) is not Exception:  # what abort() raises
                    self._receiver.failures.append(error)
                raise

        return grpc.unary_unary_rpc_method_handler(export)


def _credentials(tls: Certificate, clients: Certificate | None) -> grpc.ServerCredentials:
    """With ``clients`` only those may talk to it."""
    pair = (tls.key.read_bytes(), tls.certificate.read_bytes())
    if clients is None:
        return grpc.ssl_server_credentials([pair])
    roots = clients.certificate.read_bytes()
    return grpc.ssl_server_credentials([pair], roots, require_client_auth=True)
