"""The alerts in deploy/ with the real Prometheus and Alertmanager, scraping the real daemon."""

import re

import yaml
from support.fakes.otlp_receiver import OtlpReceiver
from support.pages.repository import ROOT
from support.peers.account import account
from support.peers.program_of import program
from support.peers.prometheus import Alertmanager, Prometheus
from support.peers.waiting import wait_for
from support.rigs.program import running

RULES = ROOT / "deploy" / "prometheus" / "fuse-otel.rules.yaml"


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
        wait_for(lambda: firing() >= down, "the alert of the lanes")
        (told, *_) = [
            alert
            for alert in alertmanager.alerts()
            if alert["labels"]["alertname"] == "FuseOtelLaneDown"
        ]
        assert re.search(r"default \((traces|logs)\)", told["annotations"]["summary"])
        # Without its quarter of an hour, what waits counts as stuck as well.
        assert {name for name, _ in firing()} <= {"FuseOtelLaneDown", "FuseOtelDeliveryStuck"}
        rules = prometheus.rules_by_name()
        assert {rule["health"] for rule in rules.values()} == {"ok"}
        with OtlpReceiver(port=shut_port) as receiver:
            wait_for(lambda: receiver.sessions() >= sessions(calls), "every call")
            wait_for(
                lambda: rules_firing(prometheus) == set(), "the end of the alert in Prometheus"
            )
            assert sum_of(prometheus, "fuse_otel_calls_total") == len(sessions(calls))


def sessions(calls):
    return {call.call.session_id for call in calls.expected().values()}


def rules_firing(prometheus):
    return {name for name, rule in prometheus.rules_by_name().items() if rule["alerts"]}


def sum_of(prometheus, name):
    (found,) = prometheus.query(f"sum({name})")
    return float(found["value"][1])
