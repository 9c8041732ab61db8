"""The measurements of ``make bench``, small: each checks that everything arrived."""

import os
import time

import pytest
from support.peers.program_of import program

from benchmarks import growth, long_runs, other_ways, stages
from benchmarks.cpu import cpu_of, peak_of
from benchmarks.recorded import record
from fuse_otel.core.model.telemetry import Signal

pytestmark = pytest.mark.slow
CALLS = 25


@pytest.fixture(scope="module")
def backlog():
    return record(CALLS)


def test_a_recorded_backlog_holds_every_call_once(backlog):
    stored = [row.session_id for step in backlog.steps for row in step.seen]
    assert len(stored) == len(set(stored)) == len(backlog.calls) >= CALLS // 2
    assert backlog.items(Signal.LOGS) == backlog.entries > len(backlog.calls)


def test_every_stage_is_measured_and_everything_is_shipped(backlog):
    found = stages.stages(backlog)
    assert found.keys() == {*stages.ROWS, stages.WARM}
    assert all(seconds > 0 for seconds in found.values())


def test_the_collector_forwards_every_span_and_log_record(backlog):
    cost = other_ways.forwarded(backlog, program("otelcol"))
    assert cost.seconds > 0
    assert (cost.calls, cost.entries) == (len(backlog.calls), backlog.entries)


def test_the_conventional_way_delivers_every_call():
    cost = other_ways.conventional(CALLS)
    assert cost.seconds > 0
    assert cost.calls >= CALLS // 2
    assert cost.entries > cost.calls


def test_the_whole_path_delivers_the_calls_of_an_even_account():
    cost = long_runs.backlog(CALLS, "steady")
    assert cost.seconds > 0
    assert cost.calls >= CALLS // 2


def test_the_growth_with_ledger_entries_and_listing_is_measured(backlog):
    assert growth.ledger(backlog, 10) > 0
    assert growth.entries_per_call(40, work=80) > 0
    assert growth.listing(1500, work=1) > 0


def test_the_cpu_of_a_process_grows_while_it_works():
    before, end = cpu_of(os.getpid()), time.process_time() + 0.05
    while time.process_time() < end:
        sum(range(1000))
    assert cpu_of(os.getpid()) > before
    assert peak_of(os.getpid()) > 10_000_000
