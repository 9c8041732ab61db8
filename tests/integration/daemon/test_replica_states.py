"""Replicas that differ: one of them cannot reach the back end, or the API. Readiness is that of the
replica that answers; the status names the replica; the gauges of what is shared add up.
"""

from contextlib import closing

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.http_client import get

from fuse_otel.instrumentation.metric_family import ACCOUNT, MetricKind
from fuse_otel.instrumentation.metric_table import FAMILIES, STORED
from fuse_otel.store import open_store
from fuse_otel.views.problems import reported_problems

# With the product's lease: a replica that stalls for three seconds keeps its account here.
PROGRAM = ("-m", "support.rigs.impatient_program")
pytestmark = [pytest.mark.proof, pytest.mark.timeout(600)]
PER_ACCOUNT = {e.name for e in FAMILIES if e.kind is MetricKind.GAUGE and e.labels == ACCOUNT}
SHARED = PER_ACCOUNT | {each.name for each in STORED}


@pytest.fixture
def control(rig):
    """As a command opens the store."""
    with closing(open_store(rig.url, capacity=1, clock=lambda: 0.0)) as store:
        yield store.control


@pytest.fixture
def nowhere(shut_port):
    return f"http://127.0.0.1:{shut_port}"


def start_with(rig, **settings):
    before = dict(rig.settings)
    rig.settings |= settings
    try:
        return rig.start(PROGRAM)
    finally:
        rig.settings = before


def gauges(replica):
    """Name and labels of each gauge of what is shared that the replica exports."""
    return [
        (sample.name, *sorted(sample.labels.items()))
        for family in text_string_to_metric_families(get(f"{replica.daemon.url}/metrics").text)
        for sample in family.samples
        if sample.name in SHARED
    ]


def states(control):
    """By process, of each replica that is alive."""
    return {
        int(each.name.rpartition(" ")[2]): {reported.state for reported in each.lanes.values()}
        for each in control.status().replicas
    }


def test_a_replica_without_a_back_end_says_so_and_the_others_deliver(rig, control, nowhere):
    cut_off = start_with(rig, OTEL_EXPORTER_OTLP_ENDPOINT=nowhere)
    rig.wait(lambda: "lane " in rig.problems(cut_off))
    fine = rig.start(PROGRAM)
    rig.wait_for_more()
    assert rig.is_ready(fine)
    assert "lane " in rig.problems(cut_off)
    expected = {cut_off.process: {"down"}, fine.process: {"up"}}
    rig.wait(lambda: states(control) == expected)
    status = control.status()
    assert {each.reported.state for each in status.lanes} == {"down"}
    problems = [each for each in reported_problems(status) if each.startswith("lane ")]
    assert problems
    assert all(f" process {cut_off.process}: " in each for each in problems)
    exported = [*gauges(cut_off), *gauges(fine)]
    assert len(exported) == len({*exported})
    assert {name for name, *_ in exported} > {"fuse_otel_account_up", "fuse_otel_outbox_bytes"}
    rig.end(cut_off)
    rig.wait(lambda: not reported_problems(control.status()))


def test_the_reader_that_does_not_reach_the_api_is_named_and_the_others_are_ready(
    rig, control, nowhere
):
    cut_off = start_with(rig, FUSE_OTEL_API_URL=nowhere)
    rig.wait(lambda: "account " in rig.problems(cut_off))
    standby = rig.start(PROGRAM)
    assert rig.is_ready(standby)
    named = f" process {cut_off.process}: The Fuse API cannot be reached"
    rig.wait(lambda: any(named in each for each in reported_problems(control.status())))
    assert [each for each in gauges(standby) if each[0] in PER_ACCOUNT] == []
    rig.end(cut_off)
    rig.wait(lambda: not reported_problems(control.status()))
