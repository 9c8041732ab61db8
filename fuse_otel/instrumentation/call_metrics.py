"""The calls themselves as metrics: how many, how long, where callers leave."""

from __future__ import annotations

from collections import Counter
from threading import Lock

from fuse_otel.core.model.telemetry import CallSummary
from fuse_otel.core.redaction.masks import mask_digits
from fuse_otel.events import CallsStored
from fuse_otel.instrumentation.instruments import Instruments

RECENT = 3600
OTHER = "#other#"
_LONGEST = 128


class CallMetrics:
    """Counts stored calls. Those that ended more than ``RECENT`` seconds ago go into one counter
    only: catching up must not look like a peak of traffic.
    """

    def __init__(self, instruments: Instruments, label_values: int) -> None:
        self._instruments = instruments
        self._application = LabelCap(label_values)
        self._module = LabelCap(label_values)
        self._module_type = LabelCap(label_values)
        self._class = LabelCap(label_values)

    def take(self, event: CallsStored) -> None:
        details: Counter[str] = Counter()
        backfilled = 0
        for call, trace_id in zip(event.calls, event.trace_ids, strict=True):
            details[call.details.value] += 1
            if call.end is None or event.at - call.end >= RECENT:
                backfilled += 1
            else:
                self._call(call, {"trace_id": trace_id})
        for state, count in details.items():
            self._instruments.counter("fuse_otel_calls_total", event.account, state).inc(count)
        if backfilled:
            name = "fuse_otel_backfilled_calls_total"
            self._instruments.counter(name, event.account).inc(backfilled)

    def _call(self, call: CallSummary, exemplar: dict[str, str]) -> None:
        application, direction = self._application(call.application), call.direction.value
        self._instruments.counter(
            "fuse_calls_total", application, direction, call.outcome, _status(call.error)
        ).inc(1, exemplar)
        self._instruments.histogram("fuse_call_duration_seconds", application, direction).observe(
            max(call.seconds, 0.0), exemplar
        )
        self._modules(call, application, exemplar)
        for log_class, count in call.entries.items():
            name = self._class(log_class)
            self._instruments.counter("fuse_log_entries_total", application, name).inc(count)

    def _modules(self, call: CallSummary, application: str, exemplar: dict[str, str]) -> None:
        for run in call.modules:
            kind = self._module_type(run.module_type)
            self._instruments.counter(
                "fuse_module_executions_total", application, kind, _status(run.error)
            ).inc(1, exemplar)
            self._instruments.histogram("fuse_module_duration_seconds", application, kind).observe(
                max(run.seconds, 0.0), exemplar
            )
        if call.modules:
            last = call.modules[-1]
            module = self._module(f"{last.module_type} {last.result_variable}")
            self._instruments.counter(
                "fuse_call_exits_total", application, module, call.outcome
            ).inc(1, exemplar)


def _status(error: bool) -> str:
    return "error" if error else "ok"


class LabelCap:
    """Limits a label whose values come from outside: the first ``limit`` values keep their name
    while the process lives, the others share one.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._names: dict[str, str] = {}
        self._lock = Lock()

    def __call__(self, value: str) -> str:
        known = self._names.get(value)
        if known is not None:
            return known
        with self._lock:
            if len(self._names) >= self._limit:
                return self._names.get(value, OTHER)
            return self._names.setdefault(value, mask_digits(value)[:_LONGEST])
