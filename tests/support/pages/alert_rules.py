"""The rules of Prometheus under ``deploy/``, and their unit tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from support.pages.promql import existing_metrics, labels_of, metrics_of
from support.pages.repository import ROOT

FOLDER = ROOT / "deploy" / "prometheus"
# In the order of the page of operations.
FILES = [FOLDER / f"{name}.rules.yaml" for name in ("fuse-otel", "fuse-calls", "fuse-slo")]
TESTS = sorted(FOLDER.glob("*.rules.test.yaml"))

Rule = dict[str, Any]


def rules(file: Path) -> list[Rule]:
    return [rule for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]


ALERTS: list[Rule] = [rule for file in FILES for rule in rules(file) if "alert" in rule]
RECORDED: dict[str, Rule] = {
    rule["record"]: rule for file in FILES for rule in rules(file) if "record" in rule
}


def with_recorded(expression: str) -> list[str]:
    """The expression, and those of the recording rules it is built on."""
    recorded = sorted(metrics_of(expression) & RECORDED.keys())
    return [
        expression,
        *(each for name in recorded for each in with_recorded(RECORDED[name]["expr"])),
    ]


def unknown(expression: str) -> set[str]:
    """The metrics and labels it names that no daemon has."""
    known = existing_metrics()
    missing = set()
    for each in with_recorded(expression):
        used = metrics_of(each) - RECORDED.keys()
        missing |= used - known.keys()
        missing |= labels_of(each) - possible_labels(each)
    return missing


def possible_labels(expression: str) -> set[str]:
    """All labels of the series behind the expression."""
    known = existing_metrics()
    used = {name for each in with_recorded(expression) for name in metrics_of(each)}
    return {label for name in used for label in known.get(name, ())}
