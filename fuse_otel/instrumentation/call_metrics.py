"""The calls themselves as metrics: how many, how long, what failed, where callers leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from fuse_otel.core.model.call import Direction
from fuse_otel.core.model.telemetry import CallSummary, ModuleRun
from fuse_otel.core.translation.translate import CallOutcome
from fuse_otel.events import CallsStored
from fuse_otel.instrumentation.call_families import APPLICATION, MODULE, TRANSFER_RESULTS
from fuse_otel.instrumentation.instruments import Instruments
from fuse_otel.instrumentation.label_cap import Caps, LabelCap, Overflowed
from fuse_otel.instrumentation.metric_family import ACCOUNT

RECENT = 3600
_ENDS = {
    CallOutcome.COMPLETED: "exit",
    CallOutcome.HANGUP: "hangup",
    CallOutcome.TRANSFERRED: "transfer",
}

Labels = tuple[str, ...]


class CallMetrics:
    """Counts stored calls. Those that ended more than ``RECENT`` seconds ago go into one counter
    only: catching up must not look like a peak of traffic. Before any call, ``limit`` is called.
    """

    def __init__(self, instruments: Instruments, overflowed: Overflowed) -> None:
        self._instruments = instruments
        self._begun: set[tuple[str, Labels]] = set()
        self._application = LabelCap(APPLICATION, 1, overflowed)
        self._class = LabelCap((*ACCOUNT, "class"), 1, overflowed)
        self._module = LabelCap(MODULE, 2, overflowed)
        self._step = LabelCap((*APPLICATION, "from", "to"), 2, overflowed)
        self._error_type = LabelCap((*MODULE, "error_type"), 4, overflowed)
        self._server = LabelCap((*MODULE, "server_address"), 4, overflowed)

    def limit(self, caps: Caps) -> None:
        for each in (self._application, self._class):
            each.limit = caps.applications
        for each in (self._module, self._error_type, self._server):
            each.limit = caps.modules
        # Most modules lead to more than one other.
        self._step.limit = 2 * caps.modules

    def take(self, event: CallsStored) -> None:
        """Sums the calls of the event: a look-up of a series costs more than an addition."""
        sums = BatchSums(self._instruments, self._begun)
        for call, trace_id in zip(event.calls, event.trace_ids, strict=True):
            sums.begin_call("")
            sums.add("fuse_otel_calls_total", (event.account, call.details.value))
            if call.end is None or event.at - call.end >= RECENT:
                sums.add("fuse_otel_backfilled_calls_total", (event.account,))
            else:
                sums.begin_call(trace_id)
                self._call(call, self._application(event.account, call.application), sums)
        sums.write()

    def _call(self, call: CallSummary, application: Labels, sums: BatchSums) -> None:
        direction = (*application, call.direction.value)
        sums.add_known("fuse_calls_total", direction, call.outcome, _status(call.error))
        sums.observe("fuse_call_duration_seconds", direction, call.seconds)
        sums.add("fuse_contained_calls_total", direction, call.contained)
        if call.direction is Direction.INBOUND:
            sums.add("fuse_repeat_calls_total", application, call.repeat)
        for log_class, count in call.entries.items():
            _, log_class = self._class(application[0], log_class)  # noqa: PLW2901
            sums.add("fuse_log_entries_total", (*application, log_class), count)
        self._modules(call, application, sums)

    def _modules(self, call: CallSummary, application: Labels, sums: BatchSums) -> None:
        labels: Labels = ()
        for run in call.modules:
            labels = self._module(*application, run.module_type, run.result_variable)
            sums.add_known("fuse_module_executions_total", labels, _status(run.error))
            sums.observe("fuse_module_duration_seconds", labels, run.seconds)
            self._execution(run, labels, sums)
        if call.modules:
            sums.add_known("fuse_call_exits_total", labels, call.outcome)
        for step, count in Counter(_steps(call)).items():
            sums.add("fuse_module_transitions_total", self._step(*application, *step), count)

    def _execution(self, run: ModuleRun, labels: Labels, sums: BatchSums) -> None:
        for error_type in run.errors:
            sums.add("fuse_errors_total", self._error_type(*labels, error_type))
        for result in run.inputs:
            sums.add_known("fuse_inputs_total", labels, result)
        if run.transfer:
            result = run.transfer if run.transfer in TRANSFER_RESULTS else "unknown"
            sums.add_known("fuse_transfers_total", labels, result)
        if run.http:
            server = self._server(*labels, run.http.server_address)
            sums.add_known("fuse_http_requests_total", server, run.http.status_class)


def _steps(call: CallSummary) -> Iterator[tuple[str, str]]:
    """The edges of the call flow that the call took, with how it ended as the last one."""
    nodes = [run.module for run in call.modules]
    yield from pairwise(nodes)
    if nodes and call.outcome in _ENDS:
        yield nodes[-1], _ENDS[CallOutcome(call.outcome)]


def _status(error: bool) -> str:
    return "error" if error else "ok"


class BatchSums:
    """Each series gets the trace id of its last call as an exemplar. ``begun`` holds the labels
    whose series have begun, over all events.
    """

    def __init__(self, instruments: Instruments, begun: set[tuple[str, Labels]]) -> None:
        self._instruments = instruments
        self._begun = begun
        self._counts: dict[tuple[str, Labels], float] = {}
        self._exemplars: dict[tuple[str, Labels], dict[str, str]] = {}
        self._exemplar: dict[str, str] | None = None

    def begin_call(self, trace_id: str) -> None:
        """What is added from now on belongs to that call, to none if it is empty."""
        self._exemplar = {"trace_id": trace_id} if trace_id else None

    def add(self, name: str, labels: Labels, count: float = 1) -> None:
        """A count of 0 makes a series that has no value yet begin."""
        series = (name, labels)
        self._counts[series] = self._counts.get(series, 0) + count
        if count and self._exemplar:
            self._exemplars[series] = self._exemplar

    def add_known(self, name: str, labels: Labels, *values: str) -> None:
        """All ``values`` of the last labels are known. All their series begin with the first one,
        because a query sees no increase in a series that begins with its first event.
        """
        if (name, labels) not in self._begun:
            self._begun.add((name, labels))
            self._instruments.begin(name, *labels)
        self.add(name, (*labels, *values))

    def observe(self, name: str, labels: Labels, seconds: float) -> None:
        """Observed at once: a histogram takes no sums."""
        self._instruments.histogram(name, *labels).observe(max(seconds, 0.0), self._exemplar)

    def write(self) -> None:
        for series, count in self._counts.items():
            name, labels = series
            self._instruments.counter(name, *labels).inc(count, self._exemplars.get(series))
