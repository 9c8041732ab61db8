"""The same calls to the same back end: by the SDK's batch processor and exporter, and by ours."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from support.builders.ship_values import TRACES, add, new_body

from fuse_otel.destinations.options import OtlpOptions
from fuse_otel.destinations.otlp_http import OtlpHttp
from fuse_otel.events import Event
from fuse_otel.shipper import Shipper, ShipperOptions
from fuse_otel.store import open_store

PATIENCE = 120.0
A_BODY = 100  # calls: as many as a page may bring
CAPACITY = 1 << 30
# The product's waits are longer; what comes of them is the same.
QUICK = ShipperOptions(first_wait=0.05, longest_wait=0.5, suspend=0.5, idle=0.02)


@dataclass(slots=True)
class Reported(SpanExporter):
    """The exporter, with what it says of each batch: the session ids of both."""

    exporter: SpanExporter
    delivered: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self.exporter.export(spans)
        told = self.delivered if result is SpanExportResult.SUCCESS else self.failed
        told.extend(str((span.attributes or {})["session.id"]) for span in spans)
        return result

    def shutdown(self) -> None:
        self.exporter.shutdown()


def start_sdk(url: str, sessions: Sequence[str], timeout: float) -> tuple[TracerProvider, Reported]:
    """A span a call, as an application makes them; what is queued is sent in the background."""
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    reported = Reported(OTLPSpanExporter(f"{url}/v1/traces", timeout=timeout))
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(reported))
    tracer = provider.get_tracer("comparison")
    for session in sessions:
        tracer.start_span("call", attributes={"session.id": session}).end()
    return provider, reported


def by_sdk(url: str, sessions: Sequence[str], timeout: float) -> Reported:
    provider, reported = start_sdk(url, sessions, timeout)
    provider.shutdown()
    return reported


def put_in_store(path: Path, sessions: Sequence[str]) -> None:
    """As the poller leaves them there."""
    store = open_store(f"sqlite:///{path}", capacity=CAPACITY, clock=time.time)
    for place in range(0, len(sessions), A_BODY):
        add(store, new_body(*sessions[place : place + A_BODY]))
    store.close()


def by_shipper(url: str, path: Path, timeout: float) -> list[str]:
    """Until nothing waits; the session ids of the parked calls."""
    store = open_store(f"sqlite:///{path}", capacity=CAPACITY, clock=time.time)
    destination = OtlpHttp(
        OtlpOptions(
            "tempo",
            {TRACES.signal: f"{url}/v1/traces"},
            timeout={TRACES.signal: timeout},
        )
    )
    shipper = Shipper(TRACES, store.outbox, destination, _nobody, lambda: 0.5, QUICK)
    end = time.monotonic() + PATIENCE
    while not shipper.idle and time.monotonic() < end:
        wake = shipper.step(time.time())
        time.sleep(max(0.0, min(wake - time.time(), 0.05)))
    parked = [call.call.session_id for call in store.control.parked(100_000)]
    destination.close()
    store.close()
    return parked


def killed(*words: str) -> None:
    """Run this module with the words, and kill -9 it when it has said that it is ready."""
    child = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", "benchmarks.two_ways", *words],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
        env=_environment(),
    )
    with child:
        assert child.stdout is not None  # noqa: S101 - for the type checker
        child.stdout.readline()
        child.send_signal(signal.SIGKILL)


def _environment() -> dict[str, str]:
    return {"PYTHONPATH": str(Path(__file__).parents[1] / "tests")}


def _nobody(_event: Event) -> None:
    """The events are for metrics and the log."""


def _be_killed(way: str, where: str, *sessions: str) -> None:
    if way == "sdk":
        start_sdk(where, sessions, 10.0)
    else:
        put_in_store(Path(where), sessions)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    time.sleep(PATIENCE)


if __name__ == "__main__":
    _be_killed(*sys.argv[1:])
