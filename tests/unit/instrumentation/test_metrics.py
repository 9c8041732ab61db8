"""Events in, series out."""

import platform
import re

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry
from support.builders.every_event import EVERY_EVENT, FAILED_EXPORT, LANE, NOW
from support.pages.exposition import OPENMETRICS, value
from support.pages.repository import ROOT

from fuse_otel import __version__, events
from fuse_otel.core.model.lane import Lane, LoopName
from fuse_otel.core.model.tally import REDACTIONS, Tally
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.errors import Broken
from fuse_otel.instrumentation.metrics import Metrics
from fuse_otel.ports import AccountStatus, LaneStatus, NumberPosition, ReplicaStatus, Status

TEMPO = {"destination": "tempo", "signal": "traces"}
MAIN = {"account": "main"}
LOOPS = [
    LoopName("account", account="main"),
    LoopName.of_lane(LANE),
    LoopName("jobs"),
]


@pytest.fixture
def metrics():
    made = Metrics(timer=lambda: 100.0)
    for event in EVERY_EVENT:
        made(event)
    return made


@pytest.mark.parametrize(
    ("name", "labels", "expected"),
    [
        ("fuse_otel_api_requests_total", {**MAIN, "endpoint": "calls", "code": "200"}, 1),
        ("fuse_otel_api_request_duration_seconds_sum", {**MAIN, "endpoint": "calls"}, 0.2),
        ("fuse_otel_api_errors_total", {**MAIN, "endpoint": "calls", "error_type": "timeout"}, 1),
        ("fuse_otel_api_throttled_seconds_total", MAIN, 12.5),
        ("fuse_otel_api_clock_skew_seconds", MAIN, -1.5),
        ("fuse_otel_parse_anomalies_total", {"kind": "list_is_object"}, 3),
        ("fuse_otel_last_successful_poll_timestamp_seconds", MAIN, NOW),
        ("fuse_otel_window_mismatches_total", MAIN, 1),
        ("fuse_otel_unreadable_seconds_total", MAIN, 300),
        ("fuse_otel_account_up", MAIN, 1),
        ("fuse_otel_cursor_timestamp_seconds", MAIN, NOW - 15),
        ("fuse_otel_retention_headroom_seconds", MAIN, 400_000),
        ("fuse_otel_pending_calls", MAIN, 2),
        ("fuse_otel_gap_seconds", MAIN, 60),
        ("fuse_otel_calls_grown_total", MAIN, 2),
        ("fuse_otel_damaged_calls_total", TEMPO, 5),
        ("fuse_otel_export_requests_total", {**TEMPO, "code": "200"}, 1),
        ("fuse_otel_export_duration_seconds_count", TEMPO, 1),
        ("fuse_otel_exported_items_total", TEMPO, 40),
        ("fuse_otel_rejected_items_total", TEMPO, 2),
        ("fuse_otel_call_end_to_export_seconds_count", TEMPO, 2),
        ("fuse_otel_call_end_to_export_seconds_sum", TEMPO, 70),
        ("fuse_otel_lane_up", TEMPO, 0),
        ("fuse_otel_store_errors_total", {"error_type": "full"}, 1),
        ("fuse_otel_hook_requests_total", {"code": "202"}, 1),
        ("fuse_otel_config_last_reload_successful", {}, 0),
        ("fuse_otel_loop_errors_total", {"loop": "lane", "account": "", **TEMPO}, 1),
        ("fuse_otel_poll_duration_seconds_sum", MAIN, 0.75),
        ("fuse_otel_sent_bytes_total", TEMPO, 900),
        ("fuse_otel_send_failed_items_total", TEMPO, 0),
        ("fuse_otel_export_request_size_bytes_sum", TEMPO, 5000),
        ("fuse_otel_caught_up_call_end_to_export_seconds_count", TEMPO, 1),
        ("fuse_otel_caught_up_call_end_to_export_seconds_sum", TEMPO, 7200),
    ],
)
def test_an_event_becomes_its_series(metrics, name, labels, expected):
    assert value(metrics, name, **labels) == expected


def test_what_is_no_event_is_refused_loudly():
    with pytest.raises(TypeError, match="no event the metrics know"):
        Metrics()("PollDone")


def test_before_anything_happened_no_time_and_no_state_is_claimed():
    metrics = Metrics()
    for name in (
        "fuse_otel_last_successful_poll_timestamp_seconds",
        "fuse_otel_cursor_timestamp_seconds",
        "fuse_otel_account_up",
    ):
        assert value(metrics, name, **MAIN) is None
    assert value(metrics, "fuse_otel_lane_up", **TEMPO) is None
    assert value(metrics, "fuse_otel_outbox_bytes") is None


def test_a_gauge_whose_value_is_not_known_any_more_is_absent_again(metrics):
    metrics(
        events.AccountMoved("main", up=False, cursor=None, headroom=None, pending=0, gap_seconds=0)
    )
    assert value(metrics, "fuse_otel_cursor_timestamp_seconds", **MAIN) is None
    assert value(metrics, "fuse_otel_retention_headroom_seconds", **MAIN) is None
    assert value(metrics, "fuse_otel_account_up", **MAIN) == 0
    assert value(metrics, "fuse_otel_pending_calls", **MAIN) == 0


def test_the_gauges_of_an_account_that_another_replica_reads_are_absent(metrics):
    metrics(events.AccountMoved("b", up=True, cursor=NOW, headroom=1.0, pending=3, gap_seconds=0))
    metrics(events.AccountStandby("b"))
    metrics(events.AccountStandby("never read"))
    for name in ("account_up", "cursor_timestamp_seconds", "pending_calls"):
        assert value(metrics, f"fuse_otel_{name}", account="b") is None
    assert value(metrics, "fuse_otel_retention_headroom_seconds", account="b") is None
    assert value(metrics, "fuse_otel_account_up", **MAIN) == 1


def test_headroom_falls_while_the_poller_is_silent():
    passed = 0.0
    metrics = Metrics(timer=lambda: passed)
    moved = events.AccountMoved(
        "main", up=True, cursor=NOW, headroom=400_000.0, pending=0, gap_seconds=0
    )
    metrics(moved)
    passed = 90.0
    assert value(metrics, "fuse_otel_retention_headroom_seconds", **MAIN) == 399_910
    metrics(moved)
    assert value(metrics, "fuse_otel_retention_headroom_seconds", **MAIN) == 400_000


def test_a_reload_forgets_states_and_keeps_counters(metrics):
    metrics.forget_states()
    assert value(metrics, "fuse_otel_lane_up", **TEMPO) is None
    assert value(metrics, "fuse_otel_account_up", **MAIN) is None
    assert value(metrics, "fuse_otel_config_last_reload_successful") == 0
    assert value(metrics, "fuse_otel_hook_requests_total", code="202") == 1
    metrics(events.LaneChanged(LANE, up=True, reason=""))
    assert value(metrics, "fuse_otel_lane_up", **TEMPO) == 1


def samples(metrics, name):
    return {
        tuple(sample.labels.values()): sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == name
    }


def test_counters_stand_at_0_before_anything_happened():
    """Of a series that begins with its first event, ``increase()`` sees nothing."""
    metrics = Metrics()
    metrics.begin(["main"], [LANE], LOOPS)
    assert samples(metrics, "fuse_otel_unreadable_seconds_total") == {("main",): 0}
    assert samples(metrics, "fuse_otel_rejected_items_total") == {("tempo", "traces"): 0}
    assert samples(metrics, "fuse_otel_loop_errors_total") == {
        ("account", "main", "", ""): 0,
        ("lane", "", "tempo", "traces"): 0,
        ("jobs", "", "", ""): 0,
        ("heartbeat", "", "", ""): 0,
        ("instrumentation", "", "", ""): 0,
    }
    assert samples(metrics, "fuse_otel_store_errors_total")[("broken",)] == 0
    assert samples(metrics, "fuse_otel_redactions_total").keys() == {(rule,) for rule in REDACTIONS}
    assert samples(metrics, "fuse_otel_truncations_total")[("log",)] == 0
    assert samples(metrics, "fuse_otel_parse_anomalies_total")[("xml",)] == 0
    assert samples(metrics, "fuse_otel_calls_total") == {
        ("main", details): 0 for details in ("full", "open", "none", "expired", "missing")
    }


def test_counters_that_began_go_on_when_they_are_begun_again(metrics):
    metrics.begin(["main"], [LANE], [])
    assert value(metrics, "fuse_otel_unreadable_seconds_total", **MAIN) == 300
    assert value(metrics, "fuse_otel_rejected_items_total", **TEMPO) == 2


def test_every_alert_on_an_increase_sees_the_first_one():
    rules = (ROOT / "deploy" / "prometheus" / "fuse-otel.rules.yaml").read_text()
    counted = set(re.findall(r"increase\((\w+)", rules))
    # A wrong key is tried again each minute: its series increases soon enough.
    counted -= {"fuse_otel_api_errors_total"}
    metrics = Metrics()
    metrics.begin(["main"], [LANE], LOOPS)
    assert counted
    assert [name for name in counted if not samples(metrics, name)] == []


def test_a_failed_request_is_the_last_error_of_its_lane():
    metrics = Metrics(clock=lambda: NOW)
    name = "fuse_otel_lane_last_error_timestamp_seconds"
    metrics(events.ExportDone(LANE, "200", "accepted", 0.1, 40, 0, ""))
    assert value(metrics, name, **TEMPO) is None
    metrics(FAILED_EXPORT)
    assert value(metrics, name, **TEMPO) == NOW
    assert value(metrics, "fuse_otel_send_failed_items_total", **TEMPO) == 42


def test_only_a_successful_reload_moves_its_time():
    times = iter([NOW, NOW + 60])
    metrics = Metrics(clock=lambda: next(times))
    name = "fuse_otel_config_last_reload_success_timestamp_seconds"
    metrics(events.ConfigReloaded(successful=False, message=""))
    assert value(metrics, name) == NOW
    metrics(events.ConfigReloaded(successful=True, message=""))
    assert value(metrics, name) == NOW + 60


def test_a_daemon_that_runs_has_read_its_configuration():
    assert value(Metrics(), "fuse_otel_config_last_reload_successful") == 1


def test_the_build_is_named():
    labels = {"version": __version__, "python": platform.python_version()}
    assert value(Metrics(), "fuse_otel_build_info", **labels) == 1


def test_what_the_transform_counted_is_counted():
    metrics = Metrics()
    tally = Tally()
    tally.redactions["user_input"] = 4
    tally.truncations["line"] = 2
    tally.anomalies["no_timestamp"] = 1
    metrics(events.CallsStored("main", NOW, (), (), tally))
    assert value(metrics, "fuse_otel_redactions_total", rule="user_input") == 4
    assert value(metrics, "fuse_otel_truncations_total", kind="line") == 2
    assert value(metrics, "fuse_otel_parse_anomalies_total", kind="no_timestamp") == 1


def test_a_clock_behind_the_sources_never_makes_a_negative_latency():
    metrics = Metrics()
    metrics(events.CallsDelivered(LANE, NOW, (NOW + 3,)))
    assert value(metrics, "fuse_otel_call_end_to_export_seconds_sum", **TEMPO) == 0


def test_two_daemons_in_one_process_do_not_share_numbers():
    registry = CollectorRegistry()
    one, other = Metrics(registry), Metrics()
    one(events.HookAnswered(202))
    assert one.registry is registry
    assert value(one, "fuse_otel_hook_requests_total", code="202") == 1
    assert value(other, "fuse_otel_hook_requests_total", code="202") is None


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (OPENMETRICS, "application/openmetrics-text"),
        (
            "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.5",
            "application/openmetrics-text",
        ),
        ("text/html", "text/plain"),
        ("", "text/plain"),
    ],
)
def test_the_format_is_negotiated(accept, content_type):
    body, answered = Metrics().render(accept)
    assert answered.startswith(content_type)
    assert body.endswith(b"# EOF\n") == (content_type != "text/plain")
    assert b"\nprocess_start_time_seconds " in body
    assert b"\npython_info{" in body


def _status():
    lanes = (
        LaneStatus(LANE, calls=7, oldest=NOW - 90, parked=1),
        LaneStatus(Lane("loki", Signal.LOGS), calls=0, oldest=None, parked=0),
    )
    account = AccountStatus("main", {"": NumberPosition(NOW, NOW)}, (), 0, None, 3)
    return Status((account,), lanes, used=500, capacity=1000)


def test_what_waits_is_read_from_the_store_at_the_scrape():
    asked = []

    def read():
        asked.append(1)
        return _status()

    metrics = Metrics(status=read)
    assert not asked
    loki = {"destination": "loki", "signal": "logs"}
    assert value(metrics, "fuse_otel_outbox_calls", **TEMPO) == 7
    assert value(metrics, "fuse_otel_outbox_oldest_timestamp_seconds", **TEMPO) == NOW - 90
    assert value(metrics, "fuse_otel_outbox_calls", **loki) == 0
    assert value(metrics, "fuse_otel_outbox_oldest_timestamp_seconds", **loki) is None
    assert value(metrics, "fuse_otel_parked_calls", **TEMPO) == 1
    assert value(metrics, "fuse_otel_outbox_bytes") == 500
    assert value(metrics, "fuse_otel_outbox_capacity_bytes") == 1000
    assert len(asked) == 7


@pytest.mark.parametrize(
    ("replicas", "exported"),
    [
        ("", True),
        ("here", True),
        ("dead here", True),
        ("command here", True),
        ("other here", False),
        ("command other here", False),
        ("other", False),
    ],
)
def test_of_several_replicas_the_oldest_alive_exports_the_gauges_of_the_store(replicas, exported):
    found = tuple(
        ReplicaStatus(
            each, "1", NOW, NOW,
            alive=each != "dead", here=each == "here", exports=each != "command",
        )
        for each in replicas.split()
    )  # fmt: skip
    metrics = Metrics(status=lambda: replace(_status(), replicas=found))
    assert (value(metrics, "fuse_otel_outbox_bytes") is not None) is exported


def test_while_the_store_fails_its_gauges_are_absent_and_the_rest_is_served():
    def read():
        raise Broken("The store cannot be read.")

    metrics = Metrics(status=read)
    metrics(events.HookAnswered(202))
    assert value(metrics, "fuse_otel_outbox_bytes") is None
    assert value(metrics, "fuse_otel_outbox_calls", **TEMPO) is None
    assert value(metrics, "fuse_otel_hook_requests_total", code="202") == 1
