"""The conventional way: a program that reads the same API with httpx and pydantic, and delivers the
calls through the SDK's batch processors and OTLP exporters. It stores nothing.

    python -m benchmarks.conventional API BACK_END EMAIL KEY SINCE UNTIL

It prints JSON: CPU seconds of this process after its imports, and counts of calls, entries, spans
and log records. It redacts nothing: an attribute leaves if its key is in a short list.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import httpx
from opentelemetry import trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from pydantic import BaseModel, Field

HOUR = 3600
NANO = 1_000_000_000
_PAGE = 200  # calls in one answer, with their logs
_QUEUE = 1 << 17  # more spans and records than a page has: a full queue drops them
_WAIT = 60_000  # milliseconds
_KEYS = ("type", "language", "prompt_id", "has_audio", "revision_id", "status", "method")
_SEVERITIES = {
    "debug": SeverityNumber.DEBUG,
    "info": SeverityNumber.INFO,
    "event": SeverityNumber.INFO,
    "prompt": SeverityNumber.INFO,
    "error": SeverityNumber.ERROR,
}


class Event(BaseModel):
    line: str
    data: dict[str, Any] = Field(default_factory=dict)


class Entry(BaseModel):
    event: Event
    class_: str = Field(alias="class")
    timestamp: int


class Call(BaseModel):
    session_id: str
    start: int
    end: int
    src: str
    dest: str
    detail: list[Entry] = Field(default_factory=list)


class Page(BaseModel):
    calls: list[Call]


class Program:
    def __init__(self, back_end: str) -> None:
        self.counts = {"calls": 0, "entries": 0, "spans": 0, "records": 0}
        self._spans = TracerProvider(shutdown_on_exit=False)
        spans = OTLPSpanExporter(f"{back_end}/v1/traces", compression=Compression.Gzip)
        self._spans.add_span_processor(BatchSpanProcessor(spans, max_queue_size=_QUEUE))
        self._logs = LoggerProvider(shutdown_on_exit=False)
        logs = OTLPLogExporter(f"{back_end}/v1/logs", compression=Compression.Gzip)
        self._logs.add_log_record_processor(BatchLogRecordProcessor(logs, max_queue_size=_QUEUE))
        self._tracer = self._spans.get_tracer("calls")
        self._logger = self._logs.get_logger("calls")

    def deliver(self, calls: Sequence[Call]) -> None:
        for call in calls:
            self._deliver(call)
        self._spans.force_flush(_WAIT)
        self._logs.force_flush(_WAIT)

    def close(self) -> None:
        self._spans.shutdown()
        self._logs.shutdown()

    def _deliver(self, call: Call) -> None:
        root = self._tracer.start_span(
            "call",
            attributes={"session.id": call.session_id, "fuse.destination": call.dest},
            start_time=call.start * NANO,
        )
        inside = trace.set_span_in_context(root)
        for (module, name), entries in groupby(call.detail, _module):
            self._visit(module, name, list(entries), call, inside)
        root.end(call.end * NANO)
        self.counts["calls"] += 1
        self.counts["spans"] += 1

    def _visit(
        self, module: str, name: str, entries: Sequence[Entry], call: Call, inside: Context
    ) -> None:
        span = self._tracer.start_span(
            f"{module} {name}",
            context=inside,
            attributes={"fuse.module.type": module, "fuse.module.name": name},
            start_time=entries[0].timestamp * NANO,
        )
        here = trace.set_span_in_context(span)
        for entry in entries:
            self._logger.emit(self._record(entry, call, here))
        span.end(entries[-1].timestamp * NANO)
        self.counts["spans"] += 1
        self.counts["records"] += len(entries)
        self.counts["entries"] += len(entries)

    def _record(self, entry: Entry, call: Call, context: Context) -> LogRecord:
        data = entry.event.data
        kept = {f"fuse.{key}": str(data[key]) for key in _KEYS if key in data}
        return LogRecord(
            timestamp=entry.timestamp * NANO,
            context=context,
            severity_number=_SEVERITIES.get(entry.class_, SeverityNumber.INFO),
            severity_text=entry.class_,
            body=entry.event.line,
            attributes={"session.id": call.session_id, **kept},
        )


def _module(entry: Entry) -> tuple[str, str]:
    data = entry.event.data
    return str(data.get("module_type", "")), str(data.get("result_variable", ""))


def pages(client: httpx.Client, since: int, until: int) -> Iterator[Sequence[Call]]:
    """The calls that start in ``[since, until)``, an hour at a time."""
    for start in range(since, until, HOUR):
        offset = 0
        while True:
            window = f"all_logs/{start}/{min(start + HOUR, until)}"
            answer = client.get(window, params={"offset": offset, "limit": _PAGE})
            answer.raise_for_status()
            calls = Page.model_validate_json(answer.content).calls
            yield calls
            offset += len(calls)
            if len(calls) < _PAGE:
                break


def main(api: str, back_end: str, email: str, key: str, since: int, until: int) -> None:
    began = time.process_time()
    program = Program(back_end)
    with httpx.Client(base_url=f"{api}/", auth=(email, key), timeout=60, trust_env=False) as client:
        for calls in pages(client, since, until):
            program.deliver(calls)
    program.close()
    print(json.dumps({"cpu": time.process_time() - began, **program.counts}))


if __name__ == "__main__":
    main(*sys.argv[1:5], *map(int, sys.argv[5:7]))
