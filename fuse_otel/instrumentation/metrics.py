"""The Prometheus metrics, counted from events."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial, singledispatchmethod

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

from fuse_otel import __version__, events
from fuse_otel.core.model.lane import Lane, LoopName
from fuse_otel.events import Emit
from fuse_otel.instrumentation.call_metrics import CallMetrics
from fuse_otel.instrumentation.instruments import Instruments, ReadStatus, StoreGauges
from fuse_otel.instrumentation.label_cap import Caps, Overflows
from fuse_otel.instrumentation.metric_family import ACCOUNT
from fuse_otel.instrumentation.metric_table import LANE, LOOP


def _unknown() -> None:
    return None


class Metrics:
    """A subscriber. ``status`` is called at every scrape, in the scraping thread.

    ``timer`` counts seconds, ``clock`` gives UNIX seconds.
    """

    def __init__(
        self,
        registry: CollectorRegistry | None = None,
        *,
        status: ReadStatus = _unknown,
        caps: Caps = Caps(),  # noqa: B008 - frozen
        timer: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
    ) -> None:
        # Prometheus 2 stores a `_created` series as one more metric.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry() if registry is None else registry
        self._instruments = Instruments(self.registry, timer)
        self._overflows = Overflows(partial(self._count, "fuse_otel_label_overflows_total"))
        self._calls = CallMetrics(self._instruments, self._overflows)
        self._calls.limit(caps)
        self._clock = clock
        self.registry.register(StoreGauges(status))
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self._instruments.info(
            "fuse_otel_build_info", version=__version__, python=platform.python_version()
        )
        # A daemon that runs has read its configuration.
        self._reloaded(successful=True)

    def begin(
        self,
        accounts: Iterable[str],
        lanes: Iterable[Lane],
        loops: Iterable[LoopName] = (),
        rules: Iterable[str] = (),
    ) -> None:
        """Start their counters at 0: a series that begins with its first event has no increase
        that a query could see. Existing counters keep their values. ``rules``: the operator's own
        redaction rules.
        """
        counters = self._instruments
        counters.begin_all(())
        for account in accounts:
            counters.begin_all(ACCOUNT, account)
        for lane in lanes:
            counters.begin_all(LANE, lane.destination, lane.signal.value)
        for loop in (*loops, LoopName("heartbeat"), LoopName("instrumentation")):
            counters.begin_all(LOOP, *loop)
        for rule in rules:
            self._count("fuse_otel_redactions_total", rule, by=0)

    def limit(self, caps: Caps, emit: Emit) -> None:
        """How many names have series from now on; those that have one keep it. ``emit`` gets an
        event when an account has used up a cap.
        """
        self._overflows.emit = emit
        self._calls.limit(caps)

    def forget_states(self) -> None:
        """Make the states of accounts and lanes absent until they report again: for a reload,
        between the old loops and the new. Counters keep their values.
        """
        self._instruments.forget_states()

    def render(self, accept: str) -> tuple[bytes, str]:
        """The exposition and its content type, as an ``Accept`` header asks for it."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

    def __call__(self, event: events.Event) -> None:
        self._take(event)

    @singledispatchmethod
    def _take(self, event: object) -> None:
        raise TypeError(f"{type(event).__name__} is no event the metrics know")

    @_take.register
    def _(self, event: events.ApiAnswered) -> None:
        labels = (event.account, event.endpoint)
        self._count("fuse_otel_api_requests_total", *labels, str(event.code))
        self._instruments.histogram("fuse_otel_api_request_duration_seconds", *labels).observe(
            event.seconds
        )

    @_take.register
    def _(self, event: events.ApiFailed) -> None:
        self._count("fuse_otel_api_errors_total", event.account, event.endpoint, event.error_type)

    @_take.register
    def _(self, event: events.ApiThrottled) -> None:
        self._count("fuse_otel_api_throttled_seconds_total", event.account, by=event.seconds)

    @_take.register
    def _(self, event: events.ClockSkewSeen) -> None:
        self._instruments.set("fuse_otel_api_clock_skew_seconds", event.seconds, event.account)

    @_take.register
    def _(self, event: events.AnomaliesSeen) -> None:
        self._count_all("fuse_otel_parse_anomalies_total", dict(event.kinds))

    @_take.register
    def _(self, event: events.PollDone) -> None:
        name = "fuse_otel_last_successful_poll_timestamp_seconds"
        self._instruments.set(name, event.at, event.account)
        self._instruments.histogram("fuse_otel_poll_duration_seconds", event.account).observe(
            event.seconds
        )

    @_take.register
    def _(self, event: events.WindowMismatch) -> None:
        self._count("fuse_otel_window_mismatches_total", event.account)

    @_take.register
    def _(self, event: events.WindowUnreadable) -> None:
        lost = event.end - event.start
        self._count("fuse_otel_unreadable_seconds_total", event.account, by=lost)

    @_take.register
    def _(self, event: events.AccountMoved) -> None:
        for name, value in (
            ("account_up", event.up),
            ("cursor_timestamp_seconds", event.cursor),
            ("pending_calls", event.pending),
            ("failing_calls", event.failing),
            ("gap_seconds", event.gap_seconds),
        ):
            self._instruments.set(f"fuse_otel_{name}", value, event.account)
        # The poller may report nothing for an hour, if the API asked it to wait.
        name = "fuse_otel_retention_headroom_seconds"
        self._instruments.count_down(name, event.headroom, event.account)

    @_take.register
    def _(self, event: events.AccountStandby) -> None:
        self._instruments.forget_account(event.account)

    @_take.register
    def _(self, event: events.CallsStored) -> None:
        self._calls.take(event)
        self._count_all("fuse_otel_redactions_total", event.tally.redactions)
        self._count_all("fuse_otel_truncations_total", event.tally.truncations)
        self._count_all("fuse_otel_parse_anomalies_total", event.tally.anomalies)

    @_take.register
    def _(self, event: events.CallsUnreadable) -> None:
        self._count("fuse_otel_unreadable_calls_total", event.account, by=event.count)

    @_take.register
    def _(self, event: events.CallsGrown) -> None:
        self._count("fuse_otel_calls_grown_total", event.account, by=event.count)

    @_take.register
    def _(self, event: events.ExportDone) -> None:
        lane = (event.lane.destination, event.lane.signal.value)
        self._count("fuse_otel_export_requests_total", *lane, event.code)
        self._count("fuse_otel_exported_items_total", *lane, by=event.items)
        self._count("fuse_otel_rejected_items_total", *lane, by=event.rejected)
        self._count("fuse_otel_send_failed_items_total", *lane, by=event.failed)
        self._count("fuse_otel_sent_bytes_total", *lane, by=event.sent)
        self._instruments.histogram("fuse_otel_export_request_size_bytes", *lane).observe(
            event.size
        )
        if event.result != "accepted":
            name = "fuse_otel_lane_last_error_timestamp_seconds"
            self._instruments.set(name, self._clock(), *lane)
        self._instruments.histogram("fuse_otel_export_duration_seconds", *lane).observe(
            event.seconds
        )

    @_take.register
    def _(self, event: events.CallsDelivered) -> None:
        lane = (event.lane.destination, event.lane.signal.value)
        for name, ends in (
            ("fuse_otel_call_end_to_export_seconds", event.ends),
            ("fuse_otel_caught_up_call_end_to_export_seconds", event.caught_up),
        ):
            latency = self._instruments.histogram(name, *lane)
            for end in ends:
                # The API's clock may be ahead of ours.
                latency.observe(max(event.at - end, 0.0))

    @_take.register
    def _(self, event: events.BatchReadAgain) -> None:
        lane = (event.lane.destination, event.lane.signal.value)
        self._count("fuse_otel_damaged_calls_total", *lane, by=event.calls + event.parked)

    @_take.register
    def _(self, event: events.LaneChanged) -> None:
        lane = (event.lane.destination, event.lane.signal.value)
        self._instruments.set("fuse_otel_lane_up", event.up, *lane)

    @_take.register
    def _(self, event: events.StoreFailed) -> None:
        self._count("fuse_otel_store_errors_total", event.error_type)

    @_take.register
    def _(
        self,
        event: events.CallsParked
        | events.GapRead
        | events.JobChanged
        | events.LabelFull
        | events.LanePaused
        | events.OutboxCrossed
        | events.StoreMovedAside,
    ) -> None:
        """Nothing. Of a label every value is counted where it becomes ``#other#``, and ``status``
        and the log show jobs. Gauges that are read from the store show all others.
        """

    @_take.register
    def _(self, event: events.HookAnswered) -> None:
        self._count("fuse_otel_hook_requests_total", str(event.code))

    @_take.register
    def _(self, event: events.LoginRefused) -> None:
        self._count("fuse_otel_refused_logins_total", str(event.code))

    @_take.register
    def _(self, event: events.ConfigReloaded) -> None:
        self._reloaded(successful=event.successful)

    @_take.register
    def _(self, event: events.LoopFailed) -> None:
        self._count("fuse_otel_loop_errors_total", *event.loop)

    def _reloaded(self, *, successful: bool) -> None:
        gauge = self._instruments.gauge
        gauge("fuse_otel_config_last_reload_successful").set(successful)
        if successful:
            name = "fuse_otel_config_last_reload_success_timestamp_seconds"
            gauge(name).set(self._clock())

    def _count(self, name: str, *labels: str, by: float = 1) -> None:
        self._instruments.counter(name, *labels).inc(by)

    def _count_all(self, name: str, counts: Mapping[str, int]) -> None:
        for label, count in counts.items():
            self._count(name, label, by=count)
