"""What a metric family is: its name, kind, labels, help and buckets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product
from typing import TypeAlias

Known: TypeAlias = Mapping[str, tuple[str, ...]]


class MetricKind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Family:
    """``name`` is the name a query uses: with ``_total`` or ``_info``, without ``_bucket``.

    ``buckets`` are the upper bounds of a histogram in its unit, without infinity. ``known`` has all
    values of those labels whose values are known before anything happens.
    """

    name: str
    kind: MetricKind
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...] = ()
    known: Known = field(default_factory=dict, compare=False)

    @property
    def base_name(self) -> str:
        """The name of the family in OpenMetrics, where the suffix belongs to the sample."""
        return self.name.removesuffix("_total").removesuffix("_info")

    @property
    def open_labels(self) -> tuple[str, ...]:
        """The labels whose values come only with what happens, or with the configuration."""
        return tuple(label for label in self.labels if label not in self.known)

    def series(self, *values: str) -> Iterator[tuple[str, ...]]:
        """The labels of every series that begins with these values of the open labels."""
        given = dict(zip(self.open_labels, ((value,) for value in values), strict=True))
        yield from product(*(self.known.get(label) or given[label] for label in self.labels))

    @property
    def unit(self) -> str:
        units = (unit for unit in ("seconds", "bytes") if self.base_name.endswith(f"_{unit}"))
        return next(units, "")


def counter(name: str, labels: tuple[str, ...], text: str, **known: Iterable[str]) -> Family:
    """``known``: a label and all its values."""
    return Family(name, MetricKind.COUNTER, labels, text, known=_texts(known))


def gauge(name: str, labels: tuple[str, ...], text: str) -> Family:
    return Family(name, MetricKind.GAUGE, labels, text)


def histogram(
    name: str,
    labels: tuple[str, ...],
    text: str,
    buckets: tuple[float, ...],
    **known: Iterable[str],
) -> Family:
    return Family(name, MetricKind.HISTOGRAM, labels, text, buckets, _texts(known))


def _texts(known: Mapping[str, Iterable[str]]) -> Known:
    """Plain texts instead of the members of an enumeration."""
    return {label: tuple(f"{value:s}" for value in values) for label, values in known.items()}


ACCOUNT = ("account",)
