"""The table of metric families as instruments in a registry, and the gauges that are read from the
store at every scrape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from fuse_otel.errors import StoreError
from fuse_otel.instrumentation.metric_family import ACCOUNT, MetricKind
from fuse_otel.instrumentation.metric_table import BY_NAME, FAMILIES, STORED
from fuse_otel.ports import Status


class Instruments:
    """Every family but those that are read at a scrape, by the name in the table."""

    def __init__(self, registry: CollectorRegistry, timer: Callable[[], float]) -> None:
        self._timer = timer
        self._counter_series: dict[tuple[str, tuple[str, ...]], Counter] = {}
        self._histogram_series: dict[tuple[str, tuple[str, ...]], Histogram] = {}
        families = [family for family in FAMILIES if family not in STORED]
        self._labelled = {family.name for family in families if family.labels}
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self._histograms: dict[str, Histogram] = {}
        self._infos: dict[str, Info] = {}
        for each in families:
            about = (each.base_name, each.help, each.labels)
            match each.kind:
                case MetricKind.COUNTER:
                    self._counters[each.name] = Counter(*about, unit=each.unit, registry=registry)
                case MetricKind.GAUGE:
                    self._gauges[each.name] = Gauge(*about, unit=each.unit, registry=registry)
                case MetricKind.HISTOGRAM:
                    self._histograms[each.name] = Histogram(
                        *about, unit=each.unit, registry=registry, buckets=each.buckets
                    )
                case MetricKind.INFO:
                    self._infos[each.name] = Info(each.base_name, each.help, registry=registry)

    def counter(self, name: str, *labels: str) -> Counter:
        # The library's own look-up takes a lock and copies the labels: a quarter of the time that
        # the metrics of a call take. Series are never removed, so they can be kept here.
        found = self._counter_series.get((name, labels))
        if found is None:
            found = self._counters[name].labels(*labels)
            self._counter_series[name, labels] = found
        return found

    def begin(self, name: str, *values: str) -> None:
        """Every series of a counter or histogram with these values of its open labels starts at 0,
        or is kept.
        """
        family = BY_NAME[name]
        instrument = self.counter if family.kind is MetricKind.COUNTER else self.histogram
        for labels in family.series(*values):
            instrument(name, *labels)

    def begin_all(self, labels: tuple[str, ...], *values: str) -> None:
        """The same of all counters and histograms that have exactly these open labels."""
        for family in FAMILIES:
            counted = family.kind in {MetricKind.COUNTER, MetricKind.HISTOGRAM}
            if counted and family.open_labels == labels:
                self.begin(family.name, *values)

    def gauge(self, name: str, *labels: str) -> Gauge:
        return self._gauges[name].labels(*labels) if labels else self._gauges[name]

    def histogram(self, name: str, *labels: str) -> Histogram:
        found = self._histogram_series.get((name, labels))
        if found is None:
            found = self._histograms[name].labels(*labels)
            self._histogram_series[name, labels] = found
        return found

    def set(self, name: str, value: float | None, *labels: str) -> None:
        """Set a gauge; ``None`` makes it absent, which is not the same as 0."""
        if value is not None:
            self._gauges[name].labels(*labels).set(value)
        else:
            self._gauges[name].remove(*labels)

    def count_down(self, name: str, seconds: float | None, *labels: str) -> None:
        """Set a gauge that decreases by 1 each second until it is set again."""
        if seconds is None:
            self._gauges[name].remove(*labels)
            return
        end = self._timer() + seconds
        self._gauges[name].labels(*labels).set_function(lambda: end - self._timer())

    def forget_account(self, account: str) -> None:
        """Make the gauges of one account absent: another replica exports them."""
        for family in FAMILIES:
            if family.labels == ACCOUNT and family.kind is MetricKind.GAUGE:
                self._gauges[family.name].remove(account)

    def forget_states(self) -> None:
        """Make every gauge with labels absent: its account or lane may be removed."""
        for name, gauge in self._gauges.items():
            if name in self._labelled:
                gauge.clear()

    def info(self, name: str, **facts: str) -> None:
        self._infos[name].info(facts)


ReadStatus: TypeAlias = Callable[[], Status | None]
_Samples: TypeAlias = list[tuple[tuple[str, ...], float | None]]


class StoreGauges(Collector):
    """If the store fails the gauges are absent, so that a query sees that they are unknown. Of
    several replicas one exports them.
    """

    def __init__(self, read: ReadStatus) -> None:
        self._read = read

    def describe(self) -> Iterator[GaugeMetricFamily]:
        yield from _families({})

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            status = self._read()
        except StoreError:
            status = None
        yield from _families(_samples(status) if status and status.is_exported_here else {})


def _samples(status: Status) -> dict[str, _Samples]:
    lanes = [((each.lane.destination, each.lane.signal.value), each) for each in status.lanes]
    return {
        "fuse_otel_outbox_calls": [(labels, each.calls) for labels, each in lanes],
        "fuse_otel_outbox_oldest_timestamp_seconds": [
            (labels, each.oldest) for labels, each in lanes
        ],
        "fuse_otel_parked_calls": [(labels, each.parked) for labels, each in lanes],
        "fuse_otel_lane_paused_timestamp_seconds": [
            (labels, each.paused_since) for labels, each in lanes
        ],
        "fuse_otel_outbox_bytes": [((), status.used)],
        "fuse_otel_outbox_capacity_bytes": [((), status.capacity)],
        "fuse_otel_store_size_bytes": [((), status.size)],
        "fuse_otel_store_free_disk_bytes": [((), status.free)],
        "fuse_otel_store_moved_aside_timestamp_seconds": [((), status.moved_aside)],
    }


def _families(samples: dict[str, _Samples]) -> Iterator[GaugeMetricFamily]:
    for family in STORED:
        made = GaugeMetricFamily(family.name, family.help, labels=family.labels, unit=family.unit)
        for labels, value in samples.get(family.name, []):
            if value is not None:
                made.add_metric(labels, value)
        yield made
