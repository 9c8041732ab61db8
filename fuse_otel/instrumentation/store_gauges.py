"""What waits in the store, read when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from fuse_otel.errors import StoreError
from fuse_otel.instrumentation.metric_table import STORED
from fuse_otel.ports import Status

ReadStatus: TypeAlias = Callable[[], Status | None]
_Samples: TypeAlias = list[tuple[tuple[str, ...], float | None]]


class StoreGauges(Collector):
    """A store that fails leaves the gauges absent: a query sees that nothing is known."""

    def __init__(self, read: ReadStatus) -> None:
        self._read = read

    def describe(self) -> Iterator[GaugeMetricFamily]:
        yield from _families({})

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            status = self._read()
        except StoreError:
            status = None
        yield from _families({} if status is None else _samples(status))


def _samples(status: Status) -> dict[str, _Samples]:
    lanes = [((each.lane.destination, each.lane.signal.value), each) for each in status.lanes]
    return {
        "fuse_otel_outbox_calls": [(labels, each.calls) for labels, each in lanes],
        "fuse_otel_outbox_oldest_timestamp_seconds": [
            (labels, each.oldest) for labels, each in lanes
        ],
        "fuse_otel_parked_calls": [(labels, each.parked) for labels, each in lanes],
        "fuse_otel_outbox_bytes": [((), status.used)],
        "fuse_otel_outbox_capacity_bytes": [((), status.capacity)],
        "fuse_otel_store_moved_aside_timestamp_seconds": [((), status.moved_aside)],
    }


def _families(samples: dict[str, _Samples]) -> Iterator[GaugeMetricFamily]:
    for family in STORED:
        made = GaugeMetricFamily(family.name, family.help, labels=family.labels, unit=family.unit)
        for labels, value in samples.get(family.name, []):
            if value is not None:
                made.add_metric(labels, value)
        yield made
