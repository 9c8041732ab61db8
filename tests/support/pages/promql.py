"""The metrics and labels that a PromQL expression names, to compare them with those that exist."""

from __future__ import annotations

import re

from fuse_otel.instrumentation.metric_table import FAMILIES, MetricKind

# Of Prometheus itself: every scrape has it.
UP = "up"
TARGET = frozenset({"job", "instance"})
_PARTS = ("_bucket", "_sum", "_count")


def existing_metrics() -> dict[str, frozenset[str]]:
    """Name of each series → its labels, with those that Prometheus adds."""
    found = {UP: TARGET}
    for family in FAMILIES:
        labels = TARGET | set(family.labels)
        if family.kind is MetricKind.HISTOGRAM:
            found |= {f"{family.name}{part}": labels for part in _PARTS}
            found[f"{family.name}_bucket"] = labels | {"le"}
        else:
            found[family.name] = labels
    return found


def metrics_of(expression: str) -> set[str]:
    """Metrics of ours, recorded ones included, and ``up``."""
    names = re.findall(r"(?<![\w:])(?:\w+:)*fuse_[\w:]+|(?<![\w:])up(?![\w:])", expression)
    return set(names)


def labels_of(expression: str) -> set[str]:
    """Labels that select, group or match series."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    listed = ",".join(re.findall(r"\b(?:by|on|ignoring|group_left)\s*\(([^)]*)\)", bare))
    grouped = {label.strip() for label in listed.split(",")} - {""}
    return grouped | set(re.findall(r"[{,]\s*(\w+)\s*(?:=~|!~|!=|=)\s*\"", bare))
