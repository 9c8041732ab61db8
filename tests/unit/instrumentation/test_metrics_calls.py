"""The metrics of the calls themselves."""

import pytest
from support.builders.telemetry_values import SUMMARY
from support.pages.exposition import families, samples, value

from fuse_otel.core.model.call import Direction, LogCompleteness
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import ModuleRun
from fuse_otel.events import CallsStored
from fuse_otel.instrumentation.metrics import Metrics

NOW = 1_790_000_000
HOUR = 3600
TRACE = "0af7651916cd43dd8448eb211c80319c"


def call(**changes):
    fields = (
        {name: getattr(SUMMARY, name) for name in SUMMARY.__dataclass_fields__}
        | {"start": NOW - 50, "end": NOW - 20, "seconds": 30.0}
        | changes
    )
    return type(SUMMARY)(**fields)


def stored(metrics, *calls, at=NOW):
    metrics(CallsStored("main", at, calls, tuple(TRACE for _ in calls), Tally()))


def test_a_call_is_counted_by_how_it_ended():
    metrics = Metrics()
    stored(metrics, call(), call(error=True, outcome="hangup"), call())
    labels = {"application": "claims line", "direction": "inbound"}
    assert value(metrics, "fuse_calls_total", **labels, outcome="completed", status="ok") == 2
    assert value(metrics, "fuse_calls_total", **labels, outcome="hangup", status="error") == 1
    assert value(metrics, "fuse_call_duration_seconds_sum", **labels) == 90
    assert value(metrics, "fuse_call_duration_seconds_bucket", **labels, le="30.0") == 3
    assert value(metrics, "fuse_call_duration_seconds_bucket", **labels, le="20.0") == 0


def test_stored_calls_are_counted_by_their_details():
    metrics = Metrics()
    stored(metrics, call(), call(details=LogCompleteness.OPEN), call(details=LogCompleteness.OPEN))
    assert value(metrics, "fuse_otel_calls_total", account="main", details="full") == 1
    assert value(metrics, "fuse_otel_calls_total", account="main", details="open") == 2
    assert value(metrics, "fuse_otel_backfilled_calls_total", account="main") is None


@pytest.mark.parametrize("end", [NOW - HOUR, NOW - 5 * 24 * HOUR, None])
def test_catching_up_counts_the_call_and_fakes_no_rate(end):
    metrics = Metrics()
    stored(metrics, call(end=end, entries={"info": 3}, modules=(run(),)))
    assert value(metrics, "fuse_otel_calls_total", account="main", details="full") == 1
    assert value(metrics, "fuse_otel_backfilled_calls_total", account="main") == 1
    assert not [
        each
        for each in samples(metrics)
        if not each.name.startswith(("fuse_otel_", "process_", "python_"))
    ]


def test_a_call_that_ended_within_the_hour_is_live():
    metrics = Metrics()
    stored(metrics, call(end=NOW - HOUR + 1))
    assert value(metrics, "fuse_otel_backfilled_calls_total", account="main") is None
    assert value(
        metrics, "fuse_calls_total",
        application="claims line", direction="inbound", outcome="completed", status="ok",
    ) == 1  # fmt: skip


def run(module_type="menu", result_variable="main_menu", error=False, seconds=2.0):
    return ModuleRun(module_type, result_variable, error, seconds)


def test_modules_are_counted_and_timed():
    metrics = Metrics()
    runs = (run(), run(), run("rest", "claim", error=True, seconds=0.0))
    stored(metrics, call(modules=runs, outcome="hangup", direction=Direction.OUTBOUND))
    app = {"application": "claims line"}
    count = "fuse_module_executions_total"
    assert value(metrics, count, **app, module_type="menu", status="ok") == 2
    assert value(metrics, count, **app, module_type="rest", status="error") == 1
    assert value(metrics, "fuse_module_duration_seconds_sum", **app, module_type="menu") == 4


def test_where_callers_leave_is_the_last_module():
    metrics = Metrics()
    stored(metrics, call(modules=(run(), run("rest", "claim")), outcome="hangup"), call(modules=()))
    exits = [each for each in samples(metrics) if each.name == "fuse_call_exits_total"]
    assert [(each.labels, each.value) for each in exits] == [
        ({"application": "claims line", "module": "rest claim", "how": "hangup"}, 1)
    ]


def test_entries_are_counted_by_class():
    metrics = Metrics()
    stored(metrics, call(entries={"info": 3, "error": 1}), call(entries={"info": 2}))
    name = "fuse_log_entries_total"
    assert value(metrics, name, application="claims line", **{"class": "info"}) == 5
    assert value(metrics, name, application="claims line", **{"class": "error"}) == 1


def test_a_call_can_be_found_from_a_metric():
    metrics = Metrics()
    stored(metrics, call(modules=(run(),)))
    found = families(metrics)
    for name in (
        "fuse_calls", "fuse_call_duration_seconds", "fuse_module_executions",
        "fuse_module_duration_seconds", "fuse_call_exits",
    ):  # fmt: skip
        exemplars = [each.exemplar for each in found[name].samples if each.exemplar]
        assert [each.labels for each in exemplars] == [{"trace_id": TRACE}], name


def test_beyond_the_cap_other_peoples_names_share_a_label():
    metrics = Metrics(label_values=3)
    for number in range(10):
        stored(metrics, call(application=f"application {number}"))
    stored(metrics, call(application="application 0"))
    counted = {
        each.labels["application"]: each.value
        for each in samples(metrics)
        if each.name == "fuse_calls_total"
    }
    assert counted == {
        "application 0": 2, "application 1": 1, "application 2": 1, "#other#": 7,
    }  # fmt: skip


def test_every_label_that_others_choose_is_capped():
    metrics = Metrics(label_values=2)
    for number in range(6):
        stored(
            metrics,
            call(modules=(run(f"type{number}", f"box{number}"),), entries={f"class{number}": 1}),
        )
    for label in ("module_type", "module", "class"):
        found = {each.labels[label] for each in samples(metrics) if label in each.labels}
        assert len(found) == 3, label
        assert "#other#" in found


def test_no_number_of_anybody_becomes_a_label():
    metrics = Metrics()
    runs = (run("transfer", "call 415-555-0100"),)
    stored(metrics, call(application="line 8005550100", modules=runs, entries={"x" * 500: 1}))
    values = [text for each in samples(metrics) for text in each.labels.values()]
    assert "line [digits]" in values
    assert "transfer call [digits]" in values
    assert not [text for text in values if "5550100" in text or "555-0100" in text]
    assert max(map(len, values)) <= 128
