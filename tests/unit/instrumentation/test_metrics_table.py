"""The table of metrics: what promtool would say of it, and that the exposition holds to it."""

import re

import pytest
from support.builders.every_event import EVERY_EVENT
from support.pages.exposition import families

from fuse_otel.instrumentation.metric_family import MetricKind
from fuse_otel.instrumentation.metric_table import FAMILIES
from fuse_otel.instrumentation.metrics import Metrics

OF_THE_LIBRARY = ("process_", "python_")
FORBIDDEN_LABELS = {"number", "phone", "src", "dest", "user", "session_id", "session", "caller"}


@pytest.fixture(scope="module")
def exposed():
    metrics = Metrics()
    for event in EVERY_EVENT:
        metrics(event)
    return {
        name: family
        for name, family in families(metrics).items()
        if not name.startswith(OF_THE_LIBRARY)
    }


def test_what_is_exposed_is_the_table(exposed):
    told = {family.base_name: (family.kind.value, family.help) for family in FAMILIES}
    assert {name: (each.type, each.documentation) for name, each in exposed.items()} == told


def test_every_series_has_the_labels_of_the_table(exposed):
    labels = {family.base_name: set(family.labels) for family in FAMILIES}
    seen = 0
    for name, family in exposed.items():
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == labels[name]
            seen += 1
    assert seen > len(EVERY_EVENT)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_family_follows_the_naming_rules(family):
    assert re.fullmatch(r"fuse_(otel_)?[a-z]+(_[a-z]+)*", family.name)
    assert family.help.endswith(".")
    assert family.name.endswith("_total") == (family.kind is MetricKind.COUNTER)
    assert family.name.endswith("_info") == (family.kind is MetricKind.INFO)
    assert not re.search(
        r"_(ms|milliseconds|minutes|kib|mib|percent|count|sum|bucket)(_|$)", family.name
    )
    assert not FORBIDDEN_LABELS & set(family.labels)
    assert ("destination" in family.labels) == ("signal" in family.labels)


@pytest.mark.parametrize(
    "family",
    [each for each in FAMILIES if each.kind is MetricKind.HISTOGRAM],
    ids=lambda each: each.name,
)
def test_buckets_rise(family):
    assert len(family.buckets) > 5
    assert list(family.buckets) == sorted(set(family.buckets))


def test_no_name_stands_twice():
    names = [family.base_name for family in FAMILIES]
    assert len(names) == len(set(names))


def test_no_series_shows_when_it_was_made():
    body, _ = Metrics().render("")
    assert b"_created" not in body


def test_a_name_of_the_interface_is_never_lost():
    names = {family.name for family in FAMILIES}
    assert names >= {
        "fuse_otel_build_info", "fuse_otel_account_up", "fuse_otel_api_requests_total",
        "fuse_otel_api_request_duration_seconds", "fuse_otel_api_errors_total",
        "fuse_otel_api_throttled_seconds_total", "fuse_otel_api_clock_skew_seconds",
        "fuse_otel_last_successful_poll_timestamp_seconds", "fuse_otel_cursor_timestamp_seconds",
        "fuse_otel_retention_headroom_seconds", "fuse_otel_window_mismatches_total",
        "fuse_otel_pending_calls", "fuse_otel_gap_seconds", "fuse_otel_calls_total",
        "fuse_otel_calls_grown_total", "fuse_otel_hook_requests_total", "fuse_otel_lane_up",
        "fuse_otel_export_requests_total", "fuse_otel_export_duration_seconds",
        "fuse_otel_exported_items_total", "fuse_otel_rejected_items_total",
        "fuse_otel_outbox_calls", "fuse_otel_outbox_oldest_timestamp_seconds",
        "fuse_otel_parked_calls", "fuse_otel_outbox_bytes", "fuse_otel_outbox_capacity_bytes",
        "fuse_otel_call_end_to_export_seconds", "fuse_otel_redactions_total",
        "fuse_otel_truncations_total", "fuse_otel_parse_anomalies_total",
        "fuse_otel_config_last_reload_successful", "fuse_otel_backfilled_calls_total",
        "fuse_calls_total", "fuse_call_duration_seconds", "fuse_module_executions_total",
        "fuse_module_duration_seconds", "fuse_call_exits_total", "fuse_log_entries_total",
        "fuse_errors_total", "fuse_transfers_total", "fuse_inputs_total",
        "fuse_http_requests_total", "fuse_module_transitions_total", "fuse_contained_calls_total",
        "fuse_repeat_calls_total", "fuse_otel_caught_up_call_end_to_export_seconds",
    }  # fmt: skip
