"""Names beyond the cap of their account share a label, which is counted and logged."""

import pytest
from support.builders.telemetry_values import SUMMARY
from support.pages.exposition import samples, value

from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import CallSummary, HttpRequest, ModuleRun
from fuse_otel.events import CallsStored, LabelFull
from fuse_otel.instrumentation.call_families import CAPPED_LABELS
from fuse_otel.instrumentation.label_cap import OTHER, Caps
from fuse_otel.instrumentation.metrics import Metrics

NOW = 1_790_000_000
OVERFLOWS = "fuse_otel_label_overflows_total"


def stored(metrics, account="main", **changes):
    fields = {name: getattr(SUMMARY, name) for name in SUMMARY.__struct_fields__}
    call = CallSummary(**(fields | {"start": NOW - 50, "end": NOW - 20} | changes))
    metrics(CallsStored(account, NOW, (call,), ("0af7651916cd43dd8448eb211c80319c",), Tally()))


def run(module_type="menu", result_variable="main_menu", **facts):
    return ModuleRun(module_type, result_variable, error=False, seconds=2.0, **facts)


def calls_of(metrics):
    """Calls by application."""
    return {
        each.labels["application"]: each.value
        for each in samples(metrics)
        if each.name == "fuse_calls_total" and each.value
    }


def listening(**caps):
    """Metrics whose account "main" was begun, and the events that they emit."""
    metrics, emitted = Metrics(), []
    metrics.begin(["main"], [])
    metrics.limit(Caps(**caps), emitted.append)
    return metrics, emitted


def test_applications_beyond_the_cap_share_a_label():
    metrics = Metrics(caps=Caps(applications=3))
    for number in range(10):
        stored(metrics, application=f"application {number}")
    stored(metrics, application="application 0")
    assert calls_of(metrics) == {
        "application 0": 2, "application 1": 1, "application 2": 1, OTHER: 7,
    }  # fmt: skip


def test_each_account_has_a_cap_of_its_own():
    metrics = Metrics(caps=Caps(applications=2))
    accounts = [f"account {number}" for number in range(5)]
    for account in accounts:
        for number in range(3):
            stored(metrics, account, application=f"application {number}")
    found = {
        (each.labels["account"], each.labels["application"])
        for each in samples(metrics)
        if each.name == "fuse_calls_total"
    }
    names = ("application 0", "application 1", OTHER)
    assert found == {(account, name) for account in accounts for name in names}


def test_every_label_that_others_choose_is_capped_and_counted():
    metrics, emitted = listening(applications=2, modules=2)
    for number in range(6):
        http = HttpRequest(f"server{number}", "2xx")
        facts = {"http": http, "errors": (f"error{number}",)}
        runs = (run(f"type{number}", f"box{number}", **facts), run("menu", "box", **facts))
        stored(metrics, application=f"app{number}", modules=runs, entries={f"class{number}": 1})
    assert {each.label for each in emitted} == set(CAPPED_LABELS)
    for label in CAPPED_LABELS:
        calls = [each for each in samples(metrics) if not each.name.startswith("fuse_otel_")]
        found = {each.labels[label] for each in calls if label in each.labels}
        assert len(found - {OTHER}) <= 4, label
        assert OTHER in found, label
        assert value(metrics, OVERFLOWS, label=label) > 0, label


def test_every_value_that_lost_its_name_is_counted():
    metrics, _ = listening(applications=2)
    for number in range(2):
        stored(metrics, application=f"application {number}")
    assert value(metrics, OVERFLOWS, label="application") == 0
    for _ in range(3):
        stored(metrics, application="one too many")
    assert value(metrics, OVERFLOWS, label="application") == 3
    assert value(metrics, OVERFLOWS, label="module") == 0


def test_the_first_overflow_of_a_label_is_reported_once():
    metrics, emitted = listening(applications=1)
    stored(metrics, application="first")
    assert emitted == []
    for number in range(5):
        stored(metrics, application=f"application {number}")
    assert emitted == [LabelFull("main", "application", 1)]


def test_a_larger_cap_gives_new_names_room_and_a_smaller_one_takes_none_away():
    metrics, emitted = listening(applications=1)
    for name in ("first", "second"):
        stored(metrics, application=name)
    metrics.limit(Caps(applications=2), emitted.append)
    stored(metrics, application="second")
    metrics.limit(Caps(applications=1), emitted.append)
    for name in ("first", "second", "third"):
        stored(metrics, application=name)
    assert calls_of(metrics) == {"first": 2, "second": 2, OTHER: 2}


def test_the_number_of_series_stays_bounded_whatever_the_calls_hold():
    """Each label alone may have its values, but not each combination of them."""
    metrics = Metrics(caps=Caps(applications=5, modules=10))
    before = None
    for number in range(300):
        runs = [run(f"type{n % 7}", f"box{number * n}", errors=(f"e{n}",)) for n in range(9)]
        stored(metrics, application=f"app{number}", modules=tuple(runs))
        if number == 200:
            before = len(samples(metrics))
    assert len(samples(metrics)) == before


@pytest.mark.parametrize("label", CAPPED_LABELS)
def test_a_capped_label_is_counted_from_0(label):
    metrics, _ = listening()
    assert value(metrics, OVERFLOWS, label=label) == 0
