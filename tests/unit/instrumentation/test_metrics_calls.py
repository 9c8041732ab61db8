"""The metrics of the calls themselves."""

import pytest
from support.builders.telemetry_values import SUMMARY
from support.pages.exposition import families, samples, value

from fuse_otel.core.model.call import Direction, LogCompleteness
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import HttpRequest, ModuleRun
from fuse_otel.core.translation.translate import CallOutcome
from fuse_otel.events import CallsStored
from fuse_otel.instrumentation.call_families import TRANSFER_RESULTS
from fuse_otel.instrumentation.metric_table import FAMILIES
from fuse_otel.instrumentation.metrics import Metrics

NOW = 1_790_000_000
HOUR = 3600
TRACE = "0af7651916cd43dd8448eb211c80319c"
LABELS = {family.name: family.labels for family in FAMILIES}
APP = {"account": "main", "application": "claims line"}


def module(module_type, name):
    return {**APP, "module_type": module_type, "module": name}


MENU = module("menu", "main_menu")


def call(**changes):
    fields = (
        {name: getattr(SUMMARY, name) for name in SUMMARY.__struct_fields__}
        | {"start": NOW - 50, "end": NOW - 20, "seconds": 30.0}
        | changes
    )
    return type(SUMMARY)(**fields)


def stored(metrics, *calls, at=NOW):
    metrics(CallsStored("main", at, calls, tuple(TRACE for _ in calls), Tally()))


def test_a_call_is_counted_by_how_it_ended():
    metrics = Metrics()
    stored(metrics, call(), call(error=True, outcome="hangup"), call())
    labels = {**APP, "direction": "inbound"}
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
        **APP, direction="inbound", outcome="completed", status="ok",
    ) == 1  # fmt: skip


def run(module_type="menu", result_variable="main_menu", error=False, seconds=2.0, **facts):
    return ModuleRun(module_type, result_variable, error, seconds, **facts)


def series(metrics, name):
    """The series of a family that are not 0."""
    found = [each for each in samples(metrics) if each.name == name and each.value]
    return {tuple(each.labels[label] for label in LABELS[name]): each.value for each in found}


def test_modules_are_counted_and_timed():
    metrics = Metrics()
    runs = (run(), run(), run("rest", "claim", error=True, seconds=0.0))
    stored(metrics, call(modules=runs, outcome="hangup", direction=Direction.OUTBOUND))
    count = "fuse_module_executions_total"
    assert value(metrics, count, **MENU, status="ok") == 2
    assert value(metrics, count, **MENU, status="error") == 0
    assert value(metrics, count, **module("rest", "claim"), status="error") == 1
    assert value(metrics, "fuse_module_duration_seconds_sum", **MENU) == 4


def test_where_callers_leave_is_the_last_module():
    metrics = Metrics()
    stored(metrics, call(modules=(run(), run("rest", "claim")), outcome="hangup"), call(modules=()))
    assert series(metrics, "fuse_call_exits_total") == {
        ("main", "claims line", "rest", "claim", "hangup"): 1
    }


def test_errors_are_counted_by_module_and_kind():
    metrics = Metrics()
    stored(metrics, call(modules=(run("rest", "claim", errors=("504", "timeout", "504")),)))
    claim = module("rest", "claim")
    assert value(metrics, "fuse_errors_total", **claim, error_type="504") == 2
    assert value(metrics, "fuse_errors_total", **claim, error_type="timeout") == 1


def test_answers_of_callers_are_counted_by_result():
    metrics = Metrics()
    stored(metrics, call(modules=(run(inputs=("no_match", "no_match", "match")), run())))
    name = "fuse_inputs_total"
    assert value(metrics, name, **MENU, result="no_match") == 2
    assert value(metrics, name, **MENU, result="match") == 1
    assert value(metrics, name, **MENU, result="no_input") == 0


def test_transfers_are_counted_by_result_and_begin_together():
    metrics = Metrics()
    stored(metrics, call(modules=(run("transfer", "agent", transfer="busy"),)))
    agent = module("transfer", "agent")
    found = {
        result: value(metrics, "fuse_transfers_total", **agent, result=result)
        for result in TRANSFER_RESULTS
    }
    assert found == dict.fromkeys(TRANSFER_RESULTS, 0) | {"busy": 1}


def test_a_transfer_with_an_unknown_word_for_its_result_makes_no_new_series():
    metrics = Metrics()
    stored(metrics, call(modules=(run("transfer", "agent", transfer="teleported"),)))
    agent = module("transfer", "agent")
    assert value(metrics, "fuse_transfers_total", **agent, result="unknown") == 1


def test_web_requests_are_counted_by_server_and_class():
    metrics = Metrics()
    http = HttpRequest("api.example.com", "5xx")
    one = run("rest", "claim", http=http)
    stored(metrics, call(modules=(one, one)))
    labels = {**module("rest", "claim"), "server_address": "api.example.com"}
    assert value(metrics, "fuse_http_requests_total", **labels, status_class="5xx") == 2
    assert value(metrics, "fuse_http_requests_total", **labels, status_class="2xx") == 0


@pytest.mark.parametrize(
    ("outcome", "end"), [("completed", "exit"), ("hangup", "hangup"), ("transferred", "transfer")]
)
def test_the_call_flow_is_counted_edge_by_edge(outcome, end):
    metrics = Metrics()
    runs = (run("start", "start"), run(), run(), run())
    stored(metrics, call(modules=runs, outcome=outcome))
    app = ("main", "claims line")
    assert series(metrics, "fuse_module_transitions_total") == {
        (*app, "start start", "menu main_menu"): 1,
        (*app, "menu main_menu", "menu main_menu"): 2,
        (*app, "menu main_menu", end): 1,
    }


def test_a_call_of_which_nothing_is_known_has_no_flow_and_is_not_contained():
    metrics = Metrics()
    stored(metrics, call(outcome="unknown", modules=()))
    assert series(metrics, "fuse_module_transitions_total") == {}
    assert value(metrics, "fuse_contained_calls_total", **APP, direction="inbound") == 0


def test_contained_and_repeated_calls_are_counted():
    metrics = Metrics()
    stored(metrics, call(contained=True), call(contained=True, repeat=True), call())
    assert value(metrics, "fuse_contained_calls_total", **APP, direction="inbound") == 2
    assert value(metrics, "fuse_repeat_calls_total", **APP) == 1


def test_only_inbound_calls_have_repeat_callers():
    metrics = Metrics()
    stored(metrics, call(direction=Direction.OUTBOUND))
    assert value(metrics, "fuse_repeat_calls_total", **APP) is None


def test_every_outcome_of_a_direction_begins_with_its_first_call():
    """Of a series that begins with its first event, ``increase()`` sees nothing."""
    metrics = Metrics()
    stored(metrics, call())
    found = [each for each in samples(metrics) if each.name == "fuse_calls_total"]
    assert len(found) == len(CallOutcome) * 2
    assert sum(each.value for each in found) == 1


def test_each_account_has_series_of_its_own():
    metrics = Metrics()
    for account in ("main", "other"):
        metrics(CallsStored(account, NOW, (call(modules=(run(),)),), (TRACE,), Tally()))
    for name in {each.name for each in samples(metrics) if each.name.startswith("fuse_c")}:
        accounts = {each.labels["account"] for each in samples(metrics) if each.name == name}
        assert accounts == {"main", "other"}, name


def test_entries_are_counted_by_class():
    metrics = Metrics()
    stored(metrics, call(entries={"info": 3, "error": 1}), call(entries={"info": 2}))
    name = "fuse_log_entries_total"
    assert value(metrics, name, **APP, **{"class": "info"}) == 5
    assert value(metrics, name, **APP, **{"class": "error"}) == 1


def test_a_call_can_be_found_from_a_metric():
    metrics = Metrics()
    stored(metrics, call(modules=(run(),)))
    found = families(metrics)
    for name in (
        "fuse_calls", "fuse_call_duration_seconds", "fuse_module_executions",
        "fuse_module_duration_seconds", "fuse_call_exits", "fuse_module_transitions",
    ):  # fmt: skip
        exemplars = [each.exemplar for each in found[name].samples if each.exemplar]
        assert [each.labels for each in exemplars] == [{"trace_id": TRACE}], name


def test_no_number_of_anybody_becomes_a_label():
    metrics = Metrics()
    runs = (run("transfer", "call 415-555-0100"),)
    stored(metrics, call(application="line 8005550100", modules=runs, entries={"x" * 500: 1}))
    values = [text for each in samples(metrics) for text in each.labels.values()]
    assert "line [digits]" in values
    assert "call [digits]" in values
    assert "transfer call [digits]" in values
    assert not [text for text in values if "5550100" in text or "555-0100" in text]
    assert max(map(len, values)) <= 128
