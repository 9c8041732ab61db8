"""Where all values of a label are known, their series begin at 0. Of a series that begins with its
first event, ``rate()`` and ``increase()`` do not see that event.
"""

import inspect
import re

import pytest
from support.builders.every_event import LANE
from support.builders.telemetry_values import SUMMARY
from support.pages.exposition import samples

from fuse_otel.core.model.lane import LoopName
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import CallSummary, HttpRequest, ModuleRun
from fuse_otel.events import CallsStored
from fuse_otel.instrumentation.call_families import CALL_FAMILIES
from fuse_otel.instrumentation.metric_family import ACCOUNT, MetricKind
from fuse_otel.instrumentation.metric_table import FAMILIES, LOOP
from fuse_otel.instrumentation.metric_table import LANE as LANE_LABELS
from fuse_otel.instrumentation.metrics import Metrics
from fuse_otel.web import hook, login

NOW = 1_790_000_000
COUNTED = [each for each in FAMILIES if each.kind in {MetricKind.COUNTER, MetricKind.HISTOGRAM}]
# Known only from the configuration, or chosen by the authors of applications and by peers.
OPEN = {
    "account", "destination", "signal", "loop",
    "application", "module_type", "module", "server_address", "from", "to", "class",
}  # fmt: skip
# An application makes calls in one direction as a rule: three would treble its series.
OPEN_IN_ONE_FAMILY = {
    ("fuse_calls_total", "direction"),
    ("fuse_call_duration_seconds", "direction"),
    ("fuse_contained_calls_total", "direction"),
    ("fuse_errors_total", "error_type"),
    ("fuse_otel_api_requests_total", "code"),
    ("fuse_otel_api_requests_total", "endpoint"),
    ("fuse_otel_export_requests_total", "code"),
}
CONFIGURED = {
    (): [()],
    ACCOUNT: [("main",), ("other",)],
    LANE_LABELS: [(LANE.destination, LANE.signal.value)],
    LOOP: [
        tuple(LoopName("account", account="main")),
        tuple(LoopName("heartbeat")),
        tuple(LoopName("instrumentation")),
    ],
}


def series_of(metrics):
    """Family → the labels of its series, in the order of the table."""
    labels = {each.name: each.labels for each in FAMILIES}
    found = {}
    for sample in samples(metrics):
        name = sample.name.removesuffix("_count")
        if name in labels:
            values = tuple(sample.labels[label] for label in labels[name])
            found.setdefault(name, {})[values] = sample.value
    return found


@pytest.mark.parametrize("family", COUNTED, ids=lambda family: family.name)
def test_a_label_is_open_for_a_reason_or_all_its_values_are_known(family):
    for label in family.labels:
        is_open = label in OPEN or (family.name, label) in OPEN_IN_ONE_FAMILY
        assert is_open != bool(family.known.get(label)), label
    assert family.known.keys() <= set(family.labels)


def test_what_is_configured_begins_at_0():
    metrics = Metrics()
    metrics.begin(["main", "other"], [LANE], [LoopName("account", account="main")])
    found = series_of(metrics)
    for family in COUNTED:
        for values in CONFIGURED.get(family.open_labels, ()):
            expected = dict.fromkeys(family.series(*values), 0)
            assert expected.items() <= found.get(family.name, {}).items(), family.name


def test_only_open_labels_keep_a_family_without_series_at_the_start():
    metrics = Metrics()
    metrics.begin(["main"], [LANE], [])
    missing = {each.name for each in COUNTED} - series_of(metrics).keys()
    calls = {each.name for each in CALL_FAMILIES}
    assert missing - calls == {"fuse_otel_api_requests_total", "fuse_otel_export_requests_total"}


def test_one_call_begins_every_known_value_of_its_application_and_modules():
    http = HttpRequest("api.example.com", "5xx")
    runs = (
        ModuleRun("menu", "main_menu", error=False, seconds=1.0, inputs=("match",)),
        ModuleRun("rest", "claim", error=True, seconds=1.0, errors=("504",), http=http),
        ModuleRun("transfer", "agent", error=False, seconds=1.0, transfer="busy"),
    )
    fields = {name: getattr(SUMMARY, name) for name in SUMMARY.__struct_fields__}
    changed = {"start": NOW - 50, "end": NOW - 20, "modules": runs, "entries": {"info": 1}}
    metrics = Metrics()
    trace = "0af7651916cd43dd8448eb211c80319c"
    metrics(CallsStored("main", NOW, (CallSummary(**(fields | changed)),), (trace,), Tally()))
    found = series_of(metrics)
    for family in CALL_FAMILIES:
        places = [family.labels.index(label) for label in family.open_labels]
        begun = {tuple(values[place] for place in places) for values in found[family.name]}
        assert begun, family.name
        for values in begun:
            assert set(family.series(*values)) <= found[family.name].keys(), family.name


def test_the_operators_own_redaction_rules_begin_too():
    metrics = Metrics()
    metrics.begin(["main"], [], (), ["policy_number"])
    assert series_of(metrics)["fuse_otel_redactions_total"][("policy_number",)] == 0


@pytest.mark.parametrize(
    ("family", "module", "answer"),
    [
        ("fuse_otel_hook_requests_total", hook, r"plain\(\s*(\d+)"),
        ("fuse_otel_refused_logins_total", login, r"plain\(\s*(\d+)"),
    ],
)
def test_the_known_codes_are_those_of_the_code(family, module, answer):
    (known,) = (each.known["code"] for each in FAMILIES if each.name == family)
    assert set(known) == set(re.findall(answer, inspect.getsource(module)))
