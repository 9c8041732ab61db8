"""Every query of the dashboards returns series from a Prometheus that scrapes the daemon."""

import time

from support.builders.recent_world import recent_world
from support.fakes.otlp_receiver import OtlpReceiver
from support.pages.grafana_dashboards import QUERIES
from support.pages.repository import ROOT
from support.patience import PATIENCE
from support.peers.program_of import program
from support.peers.prometheus import Prometheus
from support.peers.waiting import wait_for
from support.rigs.program import pointed_at, running

from fuse_otel.simulator import SimulatedApi

RULES = ROOT / "deploy" / "prometheus" / "*.rules.yaml"
CALLS_A_SECOND = 12
WINDOW = "40s"
APPLICATION = "Pay By Phone"
CHOSEN = {
    "fuse-calls": {"account": ".+", "application": ".+"},
    "fuse-call-flow": {"account": "default", "application": APPLICATION},
    "fuse-otel": {"job": "fuse-otel", "instance": ".+"},
}
QUICK = {
    "FUSE_OTEL_SETTLE": "0",
    "FUSE_OTEL_GROW": "0",
    "FUSE_OTEL_POLL_INTERVAL": "1s",
    "FUSE_OTEL_SINCE": "1m",
    "FUSE_OTEL_MAX_REQUESTS_PER_SECOND": "50",
}


def test_every_query_returns_series_and_points_lead_to_traces(tmp_path):
    world = recent_world(seed=5, rate=CALLS_A_SECOND, past=20)
    with (
        SimulatedApi(world) as api,
        OtlpReceiver() as receiver,
        running(env=pointed_at(api, tmp_path, receiver.url, **QUICK), folder=tmp_path) as daemon,
        Prometheus(
            program("prometheus"),
            tmp_path / "prometheus",
            daemon.url.removeprefix("http://").rstrip("/"),
            RULES,
            alertmanager="127.0.0.1:9",
        ) as prometheus,
    ):
        missing = list(QUERIES)

        def all_answered():
            found = [each for each in missing if prometheus.query(filled(each))]
            for each in found:
                missing.remove(each)
            return not missing

        try:
            wait_for(all_answered, "series for every query", 2 * PATIENCE)
        except AssertionError:
            assert [f"{each}: {filled(each)}" for each in missing] == []
        wait_for(prometheus.rules_work, "an evaluation of every rule")
        expression = 'fuse_calls_total{application="Pay By Phone"}'
        seen = wait_for(
            lambda: prometheus.exemplars(expression, time.time() - 600, time.time()), "exemplars"
        )
        traces = {each["labels"]["trace_id"] for each in seen}

        def delivered():
            return traces <= {span.trace_id.hex() for span in receiver.spans()}

        # A call counts when it is stored, a moment before its delivery.
        wait_for(delivered, "the traces that the points lead to")


def filled(query):
    return query.filled(WINDOW, **CHOSEN[query.board])
