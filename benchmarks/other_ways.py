"""The same calls by other programs: the conventional Python program, and the Collector that only
forwards what fuse-otel has made.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from support.back_ends.pins import programs
from support.pages.repository import ROOT
from support.peers.collector import Collector
from support.rigs.long_run import START
from support.rigs.program import environment

from benchmarks.cpu import cpu_of
from benchmarks.long_runs import Cost
from benchmarks.peers import Account, Peers, peers
from benchmarks.recorded import Backlog
from fuse_otel.core.batching.batch import Batch
from fuse_otel.core.model.telemetry import Signal

_HOUR = 3600
_PAST = 20 * _HOUR
_QUIET = Account(1e-9, 1.0, start=START, now=START)
_PATIENCE = 300.0
_UNAVAILABLE = {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE}


def conventional(calls: int) -> Cost:
    """CPU of ``benchmarks.conventional`` for about so many calls of the last 20 hours."""
    since, until = int(START) - _PAST, int(START) - 300
    with peers(Account(calls / _PAST, _PAST, start=START, now=START)) as api:
        words = [api.url, api.sink_url, api.email, api.developer_key, str(since), str(until)]
        done = subprocess.run(  # noqa: S603 - ourselves
            [sys.executable, "-m", "benchmarks.conventional", *words],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env=environment(),
        )
        counts = json.loads(done.stdout)
        truth = api.ended(since, until)
        received = api.received()
    missing = truth.keys() - received.traces.keys()
    if missing or (received.spans, received.records) != (counts["spans"], counts["records"]):
        raise RuntimeError(f"{len(missing)} calls are missing in the back end: {done.stderr}")
    return Cost(counts["cpu"], counts["calls"], counts["entries"])


def find_collector() -> Path | None:
    """The executable that ``make back-ends`` has built."""
    return programs()["otelcol"].find()


def forwarded(backlog: Backlog, collector: Path) -> Cost:
    """CPU of the Collector that receives the backlog's request bodies, keeps them in a queue on the
    disk (with fsync), and forwards them with gzip.
    """
    with tempfile.TemporaryDirectory() as folder, peers(_QUIET) as sink:
        exporter = {"type": "otlphttp", "endpoint": sink.sink_url, "compression": "gzip"}
        exporters = {"traces": exporter, "logs": exporter}
        with Collector(collector, Path(folder), exporters, queue=True) as running:
            before = cpu_of(running.pid)
            for batch in backlog.batches:
                _post(running, batch)
            _wait_for(sink, len(backlog.batches))
            cpu = cpu_of(running.pid) - before
        received = sink.received()
    expected = backlog.items(Signal.TRACES), backlog.items(Signal.LOGS)
    if (received.spans, received.records) != expected:
        raise RuntimeError(f"{received.spans, received.records} arrived instead of {expected}")
    return Cost(cpu, len(received.traces), backlog.entries)


def _post(collector: Collector, batch: Batch) -> None:
    """As often as the queue is full."""
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
    url = f"{collector.url('http')}/v1/{batch.rendering.signal}"
    end = time.monotonic() + _PATIENCE
    while True:
        answer = collector.http.post(url, content=batch.data, headers=headers)
        if answer.status_code not in _UNAVAILABLE or time.monotonic() > end:
            answer.raise_for_status()
            return
        time.sleep(0.05)


def _wait_for(sink: Peers, requests: int) -> None:
    """Until so many requests have arrived; the counts of spans and records show what is missing."""
    end = time.monotonic() + _PATIENCE
    while sink.sink_requests() < requests and time.monotonic() < end:
        time.sleep(0.1)
