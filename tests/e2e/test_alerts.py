"""The alerts in deploy/ with the real Prometheus and Alertmanager, scraping the real daemon."""

import re

import pytest
import yaml
from support.fakes.otlp_receiver import OtlpReceiver
from support.pages.repository import ROOT
from support.peers.account import account
from support.peers.program_of import program
from support.peers.prometheus import Alertmanager, Prometheus
from support.peers.waiting import wait_for
from support.rigs.program import running

pytestmark = pytest.mark.slow

RULES = ROOT / "deploy" / "prometheus" / "fuse-otel.rules.yaml"
EXAMPLE = ROOT / "deploy" / "prometheus" / "alertmanager.example.yaml"
A = {"job": "ivr", "instance": "a:9464"}
B = {"job": "ivr", "instance": "b:9464"}
TEMPO = {"destination": "tempo", "signal": "traces"}
PAY = {"account": "main", "application": "Pay"}
CLAIMS = {"account": "main", "application": "Claims"}
# The alerts that a person gets a message of, and those that one of them inhibits.
SENT = [
    {"alertname": "FuseOtelAbsent"},
    {"alertname": "FuseOtelApiUnauthorized", **A, "account": "main"},
    {"alertname": "FuseOtelAccountDown", **B, "account": "main"},
    {"alertname": "FuseOtelLaneDown", **A, **TEMPO},
    {"alertname": "FuseOtelDeliveryLate", **B, **TEMPO},
    {"alertname": "FuseCallErrorBudgetFastBurn", **PAY},
    {"alertname": "FuseCallErrorRateHigh", **CLAIMS},
]
INHIBITED = [
    {"alertname": "FuseOtelInstanceDown", **A},
    {"alertname": "FuseOtelAccountUnread", "account": "sales"},
    {"alertname": "FuseOtelAccountDown", **A, "account": "main"},
    {"alertname": "FuseOtelDeliveryStuck", **A, **TEMPO},
    {"alertname": "FuseOtelDeliveryLate", **A, **TEMPO},
    {"alertname": "FuseCallErrorRateHigh", **PAY},
    {"alertname": "FuseCallErrorBudgetSlowBurn", **PAY},
]


def impatient_rules(folder):
    """The alerts as they come, but none waits before it fires."""
    rules = yaml.safe_load(RULES.read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule["for"] = "0s"
    file = folder / "rules.yaml"
    file.write_text(yaml.safe_dump(rules))
    return file


def test_a_dead_back_end_fires_its_alert_and_a_good_one_takes_it_back(tmp_path, tenant, shut_port):
    with (
        account(tenant, tmp_path, 20) as calls,
        Alertmanager(program("alertmanager"), tmp_path / "alertmanager") as alertmanager,
        running(env=calls.settings(f"http://127.0.0.1:{shut_port}"), folder=tmp_path) as daemon,
        Prometheus(
            program("prometheus"),
            tmp_path / "prometheus",
            daemon.url.removeprefix("http://").rstrip("/"),
            impatient_rules(tmp_path),
            alertmanager.address("http"),
        ) as prometheus,
    ):

        def firing():
            return {
                (alert["labels"]["alertname"], alert["labels"].get("signal"))
                for alert in alertmanager.alerts()
                if alert["status"]["state"] == "active"
            }

        down = {("FuseOtelLaneDown", "traces"), ("FuseOtelLaneDown", "logs")}
        # Without its quarter of an hour, what waits counts as stuck as well.
        expected = {"FuseOtelLaneDown", "FuseOtelDeliveryStuck"}

        def only_expected():
            """Before the first scrape, and after one that took too long, others fire."""
            found = firing()
            return found >= down and {name for name, _ in found} <= expected

        wait_for(only_expected, "the alert of the lanes, and no other")
        (told, *_) = [
            alert
            for alert in alertmanager.alerts()
            if alert["labels"]["alertname"] == "FuseOtelLaneDown"
        ]
        assert re.search(r"default \((traces|logs)\)", told["annotations"]["summary"])
        wait_for(prometheus.rules_work, "an evaluation of every rule")
        with OtlpReceiver(port=shut_port) as receiver:
            wait_for(lambda: receiver.sessions() >= sessions(calls), "every call")
            wait_for(
                lambda: rules_firing(prometheus) == set(), "the end of the alert in Prometheus"
            )
            expected = [float(len(sessions(calls)))]
            wait_for(lambda: sums_of(prometheus, "fuse_otel_calls_total") == expected, "the count")


def quiet_example():
    """The example for Alertmanager; its receivers send nothing."""
    example = yaml.safe_load(EXAMPLE.read_text())
    return {**example, "receivers": [{"name": each["name"]} for each in example["receivers"]]}


def test_the_example_sends_one_message_for_one_cause(tmp_path):
    with Alertmanager(program("alertmanager"), tmp_path / "am", quiet_example()) as alertmanager:

        def by_state(state):
            found = [a for a in alertmanager.alerts() if a["status"]["state"] == state]
            return sorted(sorted(alert["labels"].items()) for alert in found)

        alertmanager.fire(*SENT, *INHIBITED)
        inhibited = sorted(sorted(each.items()) for each in INHIBITED)
        wait_for(lambda: by_state("suppressed") == inhibited, "the inhibitions of the example")
        assert by_state("active") == sorted(sorted(each.items()) for each in SENT)


def sessions(calls):
    return {call.call.session_id for call in calls.expected().values()}


def rules_firing(prometheus):
    return {name for name, rule in prometheus.rules_by_name().items() if rule["alerts"]}


def sums_of(prometheus, name):
    """One value; none while the last scrape failed."""
    return [float(found["value"][1]) for found in prometheus.query(f"sum({name})")]
