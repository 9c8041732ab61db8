"""Replicas that are measured over one PostgreSQL, small."""

import os

import psycopg
import pytest

from benchmarks.cpu import cpu_of, cpu_of_tree
from benchmarks.recorded import record
from benchmarks.replicas import Load, idle, measure, table_sizes, under_other_names

pytestmark = pytest.mark.slow


def count(url, table):
    with psycopg.connect(url) as connection:
        return connection.execute(f"select count(*) from {table}").fetchone()[0]  # noqa: S608


def test_replicas_store_their_calls_and_deliver_all_of_them(postgres):
    with postgres.store() as url:
        work = measure(postgres, url, Load(replicas=2, seconds=0.1, calls=10))
        assert count(url, "ledger") == work.calls > 0
        assert table_sizes(url)["ledger"][1] == work.calls
        assert count(url, "deliveries") == count(url, "bodies") == 0
    assert work.claims > 0
    assert work.rows > work.calls
    assert work.transactions > 0
    assert work.log_bytes > 0
    assert work.replicas_cpu > 0
    assert work.connections >= 2


def test_replicas_without_calls_write_nothing_but_heartbeats(postgres):
    with postgres.store() as url:
        work = idle(postgres, url, replicas=2, seconds=0.5)
        assert count(url, "ledger") == 0
    assert (work.calls, work.claims) == (0, 0)
    assert work.transactions > 0


def test_a_step_under_other_names_has_the_same_rows_of_other_calls():
    steps = [step for step in record(10).steps if step.seen]
    (first, *_) = steps
    other = under_other_names(first, "x;")
    assert [row.session_id for row in other.seen] == [f"x;{row.session_id}" for row in first.seen]
    assert [len(batch.calls) for batch in other.batches] == [len(b.calls) for b in first.batches]
    names = {call.session_id for batch in other.batches for call in batch.calls}
    assert all(name.startswith("x;") for name in names)


def test_the_cpu_of_a_tree_has_that_of_its_root():
    own = cpu_of(os.getpid())  # it grows while the tree is read
    assert cpu_of_tree(os.getpid()) >= own > 0
