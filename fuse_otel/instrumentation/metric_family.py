"""What a metric family is: its name, kind, labels, help and buckets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class MetricKind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Family:
    """``name`` is the name a query uses: with ``_total`` or ``_info``, without ``_bucket``.

    ``buckets`` are the upper bounds of a histogram in its unit, without infinity.
    """

    name: str
    kind: MetricKind
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...] = ()

    @property
    def base_name(self) -> str:
        """The name of the family in OpenMetrics, where the suffix belongs to the sample."""
        return self.name.removesuffix("_total").removesuffix("_info")

    @property
    def unit(self) -> str:
        units = (unit for unit in ("seconds", "bytes") if self.base_name.endswith(f"_{unit}"))
        return next(units, "")


def counter(name: str, labels: tuple[str, ...], text: str) -> Family:
    return Family(name, MetricKind.COUNTER, labels, text)


def gauge(name: str, labels: tuple[str, ...], text: str) -> Family:
    return Family(name, MetricKind.GAUGE, labels, text)


def histogram(name: str, labels: tuple[str, ...], text: str, buckets: tuple[float, ...]) -> Family:
    return Family(name, MetricKind.HISTOGRAM, labels, text, buckets)


ACCOUNT = ("account",)
