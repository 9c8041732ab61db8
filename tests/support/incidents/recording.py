"""The scrapes of a long run, evaluated by promtool as Prometheus would have done it."""

from __future__ import annotations

import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from support.pages.alert_rules import FILES

_SAMPLE = re.compile(r"(\w+(?:\{.*\})?) (\S+)")
_GOT = re.compile(r'\{((?:[^"}]|"[^"]*")*)\} ([-+\dE.]+|NaN|[-+]Inf)')
_TARGET = 'job="fuse-otel",instance="fuse-otel:9464"'


@dataclass(frozen=True)
class Value:
    labels: dict[str, str]
    value: float


class Recording:
    """Times are seconds since ``start``, as in promtool, whose time begins at 0: so timestamps that
    are values count from there too. ``step`` is the time between two scrapes.
    """

    def __init__(self, scrapes: Path, start: float, step: float) -> None:
        self._step = step
        files = sorted(scrapes.iterdir(), key=lambda path: int(path.name))
        places = [round((int(path.name) - start) / step) for path in files]
        self._length = max(places) + 1
        self._series: dict[str, list[str]] = defaultdict(lambda: ["_"] * self._length)
        for place, file in zip(places, files, strict=True):
            self._series[f"up{{{_TARGET}}}"][place] = "1"
            for line in file.read_text().splitlines():
                if line.startswith("fuse_"):
                    self._keep(place, line, start)

    def _keep(self, place: int, line: str, start: float) -> None:
        matched = _SAMPLE.fullmatch(line)
        assert matched, line
        name, _, labels = matched[1].partition("{")
        value = float(matched[2])
        if name.endswith("_timestamp_seconds"):
            value -= start
        every = ",".join(filter(None, [_TARGET, labels.rstrip("}")]))
        number = f"{value:.6f}".rstrip("0").rstrip(".")
        self._series[f"{name}{{{every}}}"][place] = number

    def evaluate(self, expressions: Sequence[tuple[float, str]], folder: Path) -> list[list[Value]]:
        """The value of each expression at its time."""
        interval = f"{self._step:.0f}s"
        series = [{"series": name, "values": " ".join(v)} for name, v in self._series.items()]
        questions = [
            # promtool tells what it got only where it expected something else.
            {"expr": text, "eval_time": f"{at:.0f}s", "exp_samples": [{"labels": "no", "value": 0}]}
            for at, text in expressions
        ]
        group = {"interval": interval, "input_series": series, "promql_expr_test": questions}
        test = {
            "rule_files": [str(file) for file in FILES],
            "evaluation_interval": interval,
            "group_eval_order": _groups(),
            "tests": [group],
        }
        file = folder / "recording.test.yaml"
        file.write_text(json.dumps(test))
        done = subprocess.run(
            ["promtool", "test", "rules", file], check=False, capture_output=True, text=True
        )
        found = re.findall(r"^\s*got: (.*)$", done.stdout + done.stderr, re.MULTILINE)
        assert len(found) == len(expressions), done.stdout + done.stderr
        return [_values(text) for text in found]


def _groups() -> list[str]:
    groups = re.compile(r"^  - name: (.+)$", re.MULTILINE)
    return [name for file in FILES for name in groups.findall(file.read_text())]


def _values(text: str) -> list[Value]:
    return [
        Value(dict(re.findall(r'(\w+)="([^"]*)"', labels)), float(value))
        for labels, value in _GOT.findall(text)
    ]
