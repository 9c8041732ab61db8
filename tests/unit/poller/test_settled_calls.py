"""Which listed calls a live scan looks up again."""

from support.builders.call_values import END, make_call
from support.rigs.poller_rig import BUSY, HOUR, PollerRig, busy_world

from fuse_otel.core.model.call import LogCompleteness, Seen
from fuse_otel.events import PollDone
from fuse_otel.poller import settled_calls
from fuse_otel.poller.settled_calls import FORGET_AFTER, SettledCalls
from fuse_otel.store.relational.ledger import RelationalLease

CALL = make_call()
NOW = END + 100.0


def learned(call=CALL, *, ledger_end=END, waiting=()):
    settled = SettledCalls()
    assert list(settled.others([call], NOW)) == [call]
    seen = Seen(ledger_end, 3, LogCompleteness.FULL)
    settled.learn([call], {call.session_id: seen}, waiting)
    return settled


def test_a_known_call_is_not_looked_up_again():
    assert list(learned().others([CALL], NOW + 30)) == []


def test_an_unknown_call_is_looked_up_again():
    settled = SettledCalls()
    settled.learn([CALL], {}, ())
    assert list(settled.others([CALL], NOW)) == [CALL]


def test_a_waiting_call_is_looked_up_again():
    assert list(learned(waiting={CALL.session_id}).others([CALL], NOW)) == [CALL]


def test_a_call_with_another_end_is_looked_up_again():
    longer = make_call(end=END + 5)
    assert list(learned().others([longer], NOW)) == [longer]
    assert list(learned(ledger_end=END - 5).others([CALL], NOW)) == [CALL]


def test_a_call_without_an_end_is_looked_up_again():
    endless = make_call(end=None)
    assert list(learned(endless, ledger_end=None).others([endless], NOW)) == [endless]


def test_every_call_is_looked_up_again_after_a_while_and_when_the_clock_is_set_back():
    assert list(learned().others([CALL], NOW + FORGET_AFTER)) == [CALL]
    assert list(learned().others([CALL], NOW - 1)) == [CALL]


def test_lost_commits_of_live_calls_are_noticed_by_the_cursor():
    rig = PollerRig(world=busy_world(rate=2 * BUSY, past=HOUR), rescans=())
    rig.work_off()
    rig.run(300)
    lost = lose_commits(rig, 150)
    assert lost
    rig.run(90)
    assert set(rig.store.ledger.lease("a").look_up(lost).known) == set(lost)


def lose_commits(rig, seconds):
    """As a standby that lacks the last ones. Returns the calls that it does not know."""
    known = rig.store.ledger.lease("a").look_up(list(rig.stored())).known
    lost = [name for name, row in known.items() if row.end > rig.now - seconds]
    with rig.store.ledger._database.write() as connection:
        for table in ("ledger", "calls"):
            rows = [(name,) for name in lost]
            connection.executemany(f"delete from {table} where session_id = ?", rows)  # noqa: S608
        connection.execute("update positions set cursor = cursor - ?", (seconds,))
    return lost


def test_the_number_of_kept_calls_is_bounded(monkeypatch):
    monkeypatch.setattr(settled_calls, "MOST", 0)
    assert list(learned().others([CALL], NOW)) == [CALL]


def test_a_poll_looks_up_few_of_the_calls_that_it_lists(monkeypatch):
    rig = PollerRig(world=busy_world(rate=BUSY / 2, past=HOUR))
    rig.work_off()
    asked = []
    look_up = RelationalLease.look_up
    monkeypatch.setattr(
        RelationalLease, "look_up", lambda self, ids: asked.extend(ids) or look_up(self, ids)
    )
    before = len(rig.of(PollDone))
    rig.run(150)
    listed = sum(event.listed for event in rig.of(PollDone)[before:])
    assert len(rig.of(PollDone)) > before + 3
    # What is read is looked up once more when it is stored.
    assert len(asked) < listed / 4
