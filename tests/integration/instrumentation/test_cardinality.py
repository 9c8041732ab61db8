"""How many series there are, as docs/operations.md promises, and what promtool says of them."""

import re
import shutil
import subprocess
from collections import Counter

import pytest
from support.builders.every_event import EVERY_EVENT, LANE
from support.builders.many_calls import many_calls
from support.pages.repository import ROOT
from support.patience import PATIENCE

from fuse_otel.core.model.telemetry import Signal
from fuse_otel.instrumentation.metrics import Metrics

CALLS, COPIES = 10_000, 7
OF_THE_LIBRARY = ("process_", "python_")
_promtool = pytest.mark.skipif(
    not shutil.which("promtool"), reason="promtool (Debian: prometheus) is missing"
)


@pytest.fixture(scope="module")
def metrics():
    made = Metrics()
    made.begin(["main"], [LANE, LANE._replace(signal=Signal.LOGS)])
    for event in EVERY_EVENT:
        made(event)
    many_calls(made, CALLS, COPIES)
    return made


def test_ten_thousand_calls_of_forty_applications_make_no_more_series_than_documented(metrics):
    every = (each for family in metrics.registry.collect() for each in family.samples)
    found = [each for each in every if not each.name.startswith(OF_THE_LIBRARY)]
    applications = {each.labels.get("application") for each in found} - {None}
    counted = Counter(re.sub("_(bucket|count|sum)$", "", each.name) for each in found)
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    documented = {
        name: int(most.replace(",", ""))
        for name, most in re.findall(r"^\| `(fuse_\w+)` \| ([\d,]+) \|", page, re.MULTILINE)
    }
    calls = {name: count for name, count in counted.items() if not name.startswith("fuse_otel_")}
    assert len(applications) >= 40
    assert calls.keys() == documented.keys()
    assert [name for name, count in calls.items() if count > documented[name]] == []
    assert counted.total() - sum(calls.values()) < 400


@_promtool
@pytest.mark.parametrize("accept", ["", "text/plain; version=1.0.0"])
def test_promtool_finds_nothing_to_say(metrics, accept):
    body, _ = metrics.render(accept)
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=body, capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
