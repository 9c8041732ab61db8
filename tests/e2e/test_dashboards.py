"""Every query of the dashboards returns series from a Prometheus that scrapes the daemon."""

import time

import pytest
from support.builders.recent_world import recent_world
from support.fakes.otlp_answer import Answer
from support.fakes.otlp_receiver import OtlpReceiver
from support.pages.grafana_dashboards import QUERIES
from support.pages.repository import ROOT
from support.patience import PATIENCE
from support.peers.program_of import program
from support.peers.prometheus import Prometheus
from support.peers.waiting import wait_for
from support.rigs.program import pointed_at, running

from fuse_otel.simulator.simulated_api import SimulatedApi

pytestmark = pytest.mark.proof

RULES = ROOT / "deploy" / "prometheus" / "*.rules.yaml"
CALLS_A_SECOND = 12
WINDOW = "40s"
APPLICATION = "Pay By Phone"
CHOSEN = {
    "fuse-calls": {"account": ".+", "application": ".+"},
    "fuse-call-flow": {"account": "default", "application": APPLICATION},
    "fuse-otel": {"job": "fuse-otel", "instance": ".+", "account": ".+", "destination": ".+"},
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
        # So that a lane has a last error.
        OtlpReceiver(Answer(503)) as receiver,
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
        for board in ("fuse-calls", "fuse-call-flow"):
            check_call_flow(prometheus, board)
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


def check_call_flow(prometheus, board):
    """What Grafana's node graph needs: it fails if an end of an edge has no node."""
    at = time.time() - 5  # no scrape comes in between
    nodes, edges = (
        prometheus.query(filled(query), at)
        for ref in ("nodes", "edges")
        for query in QUERIES
        if (query.board, query.ref) == (board, ref)
    )
    of_id = {each["metric"]["id"]: each for each in nodes}
    assert len(of_id) == len(nodes)
    for node in nodes:
        labels = node["metric"]
        assert f"{labels.get('subtitle', '')} {labels['title']}".strip() == labels["id"]
        assert int(labels["mainstat"]) > 0
        share = float(node["value"][1])
        assert 0 <= share <= 1
        percent = int(labels.get("secondarystat", "0 %").removesuffix(" %"))
        assert abs(percent - 100 * share) <= 0.5
    for edge in edges:
        labels = edge["metric"]
        assert {labels["source"], labels["target"]} <= of_id.keys()
        assert int(labels["mainstat"]) > 0
        assert 1 <= float(edge["value"][1]) <= 5
    assert len({each["metric"]["id"] for each in edges}) == len(edges)


def filled(query):
    return query.filled(WINDOW, **CHOSEN[query.board])
