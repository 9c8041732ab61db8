"""A site for tests of the pages: a real store in memory, calls in real OTLP, real metrics, and
a clock that stands still.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from typing import Any, TypeAlias

from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import Profile, Span, SpanKind
from fuse_otel.instrumentation.metrics import Metrics
from fuse_otel.ports import (
    Gap,
    GapReason,
    IndexedCall,
    NumberPosition,
    PendingReason,
    RecentCall,
    Step,
)
from fuse_otel.store import MemoryStore
from fuse_otel.web.app import create_app
from fuse_otel.web.context import PageContext
from fuse_otel.web.server import WebServer
from fuse_otel.web.sockets import ListeningSockets
from support.builders.store_values import JAEGER, LOKI, NOW, TEMPO, body, pending, seen
from support.builders.telemetry_values import SUMMARY
from support.oracle.telemetry import LogRecord, Telemetry
from support.oracle.writer import encode_logs, encode_traces
from support.patience import PATIENCE

START = NOW - 95
_NANO = 10**9
_Run: TypeAlias = tuple[str, SpanKind, int, int, bool, tuple[str, ...]]
_SCRIPT: tuple[_Run, ...] = (
    ("start start", SpanKind.INTERNAL, 0, 1, False, ("Executing application",)),
    ("prompt greeting", SpanKind.INTERNAL, 1, 9, False, ("Playing prompt",)),
    ("menu main_menu", SpanKind.INTERNAL, 9, 21, False, ("User input: [1 digit] (dtmf)",)),
    ("number claim_number", SpanKind.INTERNAL, 21, 48, False, ("No match", "Playing prompt again")),
    ("rest look_up_claim", SpanKind.CLIENT, 48, 60, True, ("POST", "error: HTTP status 503")),
    ("prompt sorry", SpanKind.INTERNAL, 60, 66, False, ()),
    ("transfer to_agent", SpanKind.CLIENT, 66, 93, False, ("Transferring",)),
    ("exit hangup", SpanKind.INTERNAL, 93, 95, False, ("Exiting application",)),
)


def telemetry(session_id: str, application: str = "claims line", trace: int = 1) -> Telemetry:
    """A call with eight executions, of which one failed."""
    runs = list(enumerate(_SCRIPT, start=2))
    return Telemetry(
        trace_id=trace.to_bytes(16, "big"),
        resource={"service.name": application, "service.version": "0.2"},
        spans=[_root(session_id, application), *(_span(session_id, *each) for each in runs)],
        records=[record for span_id, run in runs for record in _records(trace, span_id, run)],
        summary=SUMMARY,
        tally=Tally(),
    )


def _root(session_id: str, application: str) -> Span:
    return Span(
        span_id=1,
        parent_id=0,
        name=f"call {application}",
        kind=SpanKind.SERVER,
        start=START * _NANO,
        end=NOW * _NANO,
        attributes={
            "session.id": session_id,
            "fuse.call.direction": "inbound",
            "fuse.call.outcome": "transferred",
            "fuse.call.executions": len(_SCRIPT),
            "fuse.truncated": True,
            "fuse.tags": ("one", "two"),
        },
        error=True,
    )


def _span(session_id: str, span_id: int, run: _Run) -> Span:
    name, kind, start, end, error, _ = run
    module_type, variable = name.split(" ")
    return Span(
        span_id=span_id,
        parent_id=1,
        name=name,
        kind=kind,
        start=(START + start) * _NANO,
        end=(START + end) * _NANO,
        attributes={
            "session.id": session_id,
            "fuse.module.type": module_type,
            "fuse.module.result_variable": variable,
        },
        error=error,
    )


def _records(trace: int, span_id: int, run: _Run) -> Iterator[LogRecord]:
    for place, line in enumerate(run[-1]):
        number, text = (17, "ERROR") if line.startswith("error") else (9, "INFO")
        yield LogRecord(
            time=(START + run[2]) * _NANO,
            span_id=span_id,
            severity_number=number,
            severity_text=text,
            body=line,
            attributes={"log.record.uid": f"{trace}-{span_id}-{place}"},
        )


def recent_call(
    session_id: str,
    application: str = "claims line",
    trace: int = 1,
    executions: int = len(_SCRIPT),
    **changed: Any,
) -> RecentCall:
    call = telemetry(session_id, application, trace)
    call.spans = call.spans[: 1 + executions]
    call.records = call.records if executions else []
    if "details" in changed:
        call.spans[0].attributes = {**call.spans[0].attributes, "fuse.details": changed["details"]}
    fields: dict[str, Any] = {
        "trace_id": call.trace_id.hex(),
        "application": application,
        "direction": "inbound",
        "outcome": "transferred",
        "details": "full",
        "error": True,
        "start": START,
        "end": NOW,
        "traces": encode_traces(call),
        "logs": encode_logs(call, Profile.GENERIC, ""),
    }
    return RecentCall(session_id=session_id, **(fields | changed))


def indexed_call(call: RecentCall, **changed: Any) -> IndexedCall:
    """The call in the index, with the module that failed if the call has an error."""
    fields: dict[str, Any] = {
        "session_id": call.session_id,
        "trace_id": call.trace_id,
        "application": call.application,
        "version": "0.2",
        "direction": call.direction,
        "outcome": call.outcome,
        "details": call.details,
        "error": call.error,
        "start": call.start,
        "end": call.end,
        "failed_module": "rest look_up_claim" if call.error else "",
        "error_type": "503" if call.error else "",
        "modules": tuple(run[0] for run in _SCRIPT),
    }
    return IndexedCall(**(fields | changed))


def filled_store(*calls: RecentCall) -> MemoryStore:
    """An account with a number, a gap, a pending call, and a body three lanes wait for."""
    store = MemoryStore(capacity=10_000_000)
    lease = store.ledger.lease("main")
    ids = [call.session_id for call in calls] or ["300060;001;1529552581"]
    lease.commit(
        Step(
            at=NOW,
            positions={
                "": NumberPosition(NOW - 15, NOW - 86_400),
                "8005550100": NumberPosition(NOW - 20, NOW - 3600),
            },
            opened=[
                Gap("8005550100", NOW - 7200, NOW - 7000, GapReason.ERROR),
                Gap("", NOW - 80_000, NOW - 50_000, GapReason.HISTORY),
            ],
            seen=[seen(one) for one in ids],
            pending=[pending("300060;002;1529552999", PendingReason.MISSING, end=NOW - 60)],
            batches=[body(*ids, lanes=[TEMPO, JAEGER]), body(*ids, lanes=[LOKI])],
            recent=calls,
            indexed=[*map(indexed_call, calls)],
        ),
    )
    return store


def site(store: MemoryStore, **changed: Any) -> PageContext:
    fields: dict[str, Any] = {
        "control": store.control,
        "calls": store.calls,
        "flows": store.flows,
        "metrics": Metrics(status=store.control.status).render,
        "health": tuple,
        "readiness": tuple,
        "reload": lambda: ended(""),
        "version": "1.2.3",
        "clock": lambda: float(NOW),
    }
    return PageContext(**(fields | changed))


def ended(sentence: str) -> Future[str]:
    """The result of a reload: a sentence, or empty for success."""
    result: Future[str] = Future()
    result.set_result(sentence)
    return result


@contextmanager
def served(given: PageContext) -> Iterator[str]:
    """The site on a free port of the loopback interface; yields its base URL."""
    with closing(ListeningSockets()) as listening:
        server = WebServer(create_app(given), listening, "127.0.0.1", 0, given.access)
        host, port = server.start()
        scheme = "https" if given.access().tls else "http"
        try:
            yield f"{scheme}://{host}:{port}"
        finally:
            assert server.stop(PATIENCE)


def links(html: str) -> list[str]:
    """Where a page leads, as it is written."""
    return re.findall(r'(?:href|src)="([^"]*)"', html)
