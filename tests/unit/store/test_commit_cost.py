"""What a commit asks of SQLite: statements, instructions of its machine and pages that it writes. A
regression shows in these numbers without a clock.
"""

import time
from hashlib import sha256

import pytest
from msgspec.structs import replace
from support.builders.flow_values import runs, stepping_call
from support.builders.store_values import LOKI, NOW, TEMPO, body, recent, seen, step

from fuse_otel.ports import CallerRow
from fuse_otel.store import MemoryStore, open_store

STEPS = runs("start start", "menu main", "rest charge", "exit hangup")
FRAME = 4_096 + 24  # bytes that a page takes in SQLite's log
# Statements of a commit, those of triggers among them: beside its calls, and for each call.
FIXED, FOR_EACH_CALL = 26, 16
PAGES = 35
FILL = """
with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < :rows)
insert into ledger (account, session_id, ended, entries, details, kept_until)
select
    1, printf('%08x;001;%d', n * 2654435761 % 4294967296, :now), :now, 20, 'full', :now + 600000
from numbers
"""


def digest(text):
    return sha256(text.encode()).hexdigest()


def calls(first, count):
    """New, live calls, with all that a step has of them."""
    ids = [f"{digest(str(n))[:6]};001;{NOW}" for n in range(first, first + count)]
    return step(
        body(*ids, lanes=[TEMPO]),
        body(*ids, lanes=[LOKI]),
        seen=[seen(one) for one in ids],
        settled=ids,
        recent=[recent(one, trace_id=digest(one)[:32]) for one in ids],
        callers=[CallerRow(one, digest(one)[:32], NOW) for one in ids],
        indexed=[stepping_call(one, STEPS, trace_id=digest(one)[:32]) for one in ids],
    )


class Account:
    """An account's lease on a store whose ledger knows ``rows`` other calls."""

    def __init__(self, store, rows=0):
        self.store = store
        self.lease = store.ledger.lease("main")
        # The first commit makes rows that every later one finds.
        self.lease.commit(calls(0, 2))
        with store._database.write() as connection:
            if rows:
                connection.execute(FILL, {"rows": rows, "now": NOW})
        self._connection = connection

    def statements(self, commit):
        """How many, with those of triggers."""
        return len(self.traced(lambda: self.lease.commit(commit)))

    def traced(self, work):
        """The statements that the work runs."""
        found = []
        self._connection.set_trace_callback(found.append)
        work()
        self._connection.set_trace_callback(None)
        return found

    def instructions(self, commit):
        """Of SQLite's virtual machine, in tens."""
        count = 0

        def one_more():
            nonlocal count
            count += 1

        self._connection.set_progress_handler(one_more, 10)
        self.lease.commit(commit)
        self._connection.set_progress_handler(None, 0)
        return count

    def pages(self, commit, path):
        """How many pages the commit writes."""
        self._connection.execute("pragma wal_checkpoint(truncate)").fetchall()
        self.lease.commit(commit)
        return path.with_name(path.name + "-wal").stat().st_size // FRAME


@pytest.fixture
def memory():
    stores = []

    def account(rows=0):
        stores.append(MemoryStore(capacity=1 << 30))
        return Account(stores[-1], rows)

    yield account
    for store in stores:
        store.close()


def test_a_small_commit_runs_no_statement_in_vain(memory):
    account = memory()
    one = account.statements(calls(10, 1))
    four = account.statements(calls(20, 4))
    # A statement that finds nothing to do in most commits belongs into `forget_expired`.
    assert one <= FIXED + FOR_EACH_CALL
    assert four - one <= 3 * FOR_EACH_CALL


def test_a_call_of_a_large_commit_runs_its_own_rows_alone(memory):
    account = memory()
    fifty = account.statements(calls(100, 50))
    assert account.statements(calls(1_000, 450)) - fifty <= 400 * (FOR_EACH_CALL + 0.1)


def test_a_step_without_calls_runs_few_statements(memory):
    assert memory().statements(step(at=NOW + 1)) <= 7


def test_calls_are_looked_up_in_one_transaction(memory):
    account = memory()
    found = account.traced(lambda: account.lease.look_up(["a", "b"]))
    # The lease, the ledger and the pending calls.
    assert (found[0].lower(), len(found), found[-1].lower()) == ("begin", 5, "commit")


@pytest.mark.parametrize("count", [1, 100])
def test_the_work_of_a_commit_does_not_grow_with_the_ledger(memory, count):
    small, large = (memory(rows).instructions(calls(5_000, count)) for rows in (100, 30_000))
    assert large <= 1.1 * small


def test_the_work_of_a_commit_does_not_grow_with_the_calls_that_are_shown(memory):
    account = memory()
    account.lease.commit(calls(5_000, 250))
    before = account.instructions(calls(6_000, 10))
    account.lease.commit(calls(7_000, 240))
    # Ten recent calls are removed for the ten that come.
    assert account.instructions(calls(8_000, 10)) <= 2.2 * before


def with_drawings(commit):
    """Recent calls of the usual size: each fills three pages of its own."""
    shown = [replace(call, traces=bytes(9_000), logs=bytes(5_000)) for call in commit.recent]
    return replace(commit, recent=shown)


def test_a_recent_call_takes_the_pages_of_the_one_that_leaves(tmp_path):
    path = tmp_path / "state.db"
    store = open_store(f"sqlite:///{path}", capacity=1 << 30, clock=time.time)
    account = Account(store)
    account.lease.commit(with_drawings(calls(5_000, 400)))
    adds = [account.pages(with_drawings(calls(6_000 + n, 1)), path) for n in range(5)]
    account.lease.commit(with_drawings(calls(7_000, 200)))
    replaces = [account.pages(with_drawings(calls(8_000 + n, 1)), path) for n in range(5)]
    store.close()
    assert sum(replaces) <= 1.2 * sum(adds)


def test_a_commit_writes_no_more_pages_for_a_large_ledger(tmp_path):
    found = []
    for rows in (3_000, 30_000):
        path = tmp_path / f"{rows}.db"
        store = open_store(f"sqlite:///{path}", capacity=1 << 30, clock=time.time)
        found.append(Account(store, rows).pages(calls(5_000, 10), path))
        store.close()
    assert found[1] <= found[0] + 5
    assert found[1] <= PAGES
