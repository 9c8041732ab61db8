"""What a request costs the daemon over HTTP and over gRPC.

    python -m benchmarks.http_and_grpc

Processor time of this process alone; the back ends run in processes of their own and take
everything. Read the ratio; the seconds of two runs cannot be compared, machines are noisy.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection

from benchmarks.path_of_a_call import simulated
from fuse_otel.core.batching.export_result import Accepted
from fuse_otel.core.batching.gzip_member import deflate
from fuse_otel.core.decoding.answers import decode_call
from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.call import log_completeness
from fuse_otel.core.model.lane import Lane, Rendering
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.telemetry import Profile, Signal
from fuse_otel.core.redaction.pseudonym import pseudonymise
from fuse_otel.destinations.options import OtlpOptions
from fuse_otel.destinations.otlp_grpc import OtlpGrpc
from fuse_otel.destinations.otlp_http import OtlpHttp
from fuse_otel.net.quiet_grpc import grpc
from fuse_otel.ports import Destination

REQUESTS = 30
ROUNDS = 5
TRACES = Signal.TRACES


def bodies() -> dict[str, bytes]:
    """Requests of one call, of 20 and of 400."""
    rendering = Rendering("traces", TRACES, Profile.GENERIC, (Lane("x", TRACES),))
    renderer = Renderer(ModelOptions(), [rendering])
    parts = []
    for record, answer in simulated():
        call, (log, _) = pseudonymise(record, b"key"), decode_call(answer)
        rendered = renderer.render(call, log, log_completeness(call, log))
        parts.append(rendered.parts["traces"][0])
    return {f"{count} calls": deflate(b"".join(parts[:count])) for count in (1, 20, 400)}


class _Taking(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: the figures are the output."""


def serve_http(told: Connection) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Taking)
    told.send(server.server_port)
    server.serve_forever()


def serve_grpc(told: Connection) -> None:
    def export(_request: bytes, _context: grpc.ServicerContext) -> bytes:
        return b""

    handler = grpc.unary_unary_rpc_method_handler(export)
    service = "opentelemetry.proto.collector.trace.v1.TraceService"
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {"Export": handler}),)
    )
    told.send(server.add_insecure_port("127.0.0.1:0"))
    server.start()
    server.wait_for_termination()


@contextmanager
def served(serve: Callable[[Connection], None]) -> Iterator[int]:
    """The port."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,))
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def cost(destination: Destination, data: bytes) -> float:
    """Milliseconds of processor time a request, in the best of the rounds."""
    found = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(REQUESTS):
            outcome = destination.send(TRACES, data, 1)
            if not isinstance(outcome, Accepted):
                raise SystemExit(f"not accepted: {outcome}")
        found.append((time.process_time() - began) / REQUESTS * 1000)
    return min(found)


def main() -> None:
    with served(serve_http) as http_port, served(serve_grpc) as grpc_port:
        http_url = f"http://127.0.0.1:{http_port}/v1/traces"
        grpc_url = f"http://127.0.0.1:{grpc_port}"
        plain = {TRACES: "none"}
        for name, data in bodies().items():
            http = cost(OtlpHttp(OtlpOptions("http", {TRACES: http_url})), data)
            for kind, options in (
                ("gzip", OtlpOptions("grpc", {TRACES: grpc_url})),
                ("none", OtlpOptions("grpc", {TRACES: grpc_url}, compression=plain)),
            ):
                other = cost(OtlpGrpc(options), data)
                print(
                    f"{name:>9}, {len(data):>7} bytes: HTTP gzip {http:6.2f} ms,"
                    f" gRPC {kind} {other:6.2f} ms, {other / http:.2f} times"
                )


if __name__ == "__main__":
    main()
