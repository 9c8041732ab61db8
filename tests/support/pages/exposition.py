"""Reading what Prometheus would read."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from fuse_otel.instrumentation.metrics import Metrics

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def families(metrics: Metrics) -> Mapping[str, Metric]:
    """All families by their OpenMetrics name; the parser refuses what the format forbids."""
    body, _ = metrics.render(OPENMETRICS)
    return {family.name: family for family in text_string_to_metric_families(body.decode())}


def samples(metrics: Metrics) -> list[Sample]:
    return [sample for family in families(metrics).values() for sample in family.samples]


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """The value of a series; ``None`` if it is absent."""
    found = [each.value for each in samples(metrics) if (each.name, each.labels) == (name, labels)]
    assert len(found) <= 1
    return found[0] if found else None
