"""A real server that is a standby, has no free connection or no room, or whose answer is lost: the
store says so, and goes on afterwards.
"""

from random import Random

import pytest
from support.builders.store_values import NOW, TEMPO, body, seen, step, whole_step
from support.fakes.relay import Relay
from support.rigs.outages import no_free_connection
from support.rigs.postgres_cluster import cluster

from fuse_otel.errors import Broken, StoreError
from fuse_otel.store import open_store
from fuse_otel.store.postgres.connection import Connection
from fuse_otel.store.postgres.replica import Replica

pytestmark = pytest.mark.slow
ROOM = 3_000_100  # bytes of a file, not a multiple of a page
NO_ROOM = r"is full|the error (53100|XX000)"  # of a newer server: "file too large" has no code


@pytest.fixture(scope="module")
def own():
    with cluster("--wal-segsize=1") as made:
        yield made


def opened(url):
    return open_store(url, capacity=1 << 30, clock=lambda: float(NOW))


def test_a_standby_is_named_as_such_and_used_again_when_it_is_promoted(own):
    with own.store() as url:
        store = opened(url)
        lease = store.ledger.lease("main")
        lease.commit(whole_step("1;1"))
        own.become_standby()
        for _ in range(2):
            with pytest.raises(Broken, match="is read-only: a standby"):
                lease.commit(whole_step("2;2"))
        assert store.control.status().accounts[0].calls == 1
        own.promote()
        lease = store.ledger.lease("main")
        lease.commit(whole_step("2;2"))
        assert set(lease.look_up(["1;1", "2;2"]).known) == {"1;1", "2;2"}
        store.close()


def test_a_server_without_a_free_connection_is_named_as_such(own):
    with own.store() as url:
        store = opened(url)
        lease = store.ledger.lease("main")
        with no_free_connection(own, end_ours=False):
            with pytest.raises(Broken, match="has no free connection"):
                opened(url)
            lease.commit(whole_step("1;1"))  # by the connection that it has
        opened(url).close()
        store.close()


def test_a_store_that_lost_its_connections_says_why_it_gets_none(own):
    with own.store() as url:
        store = opened(url)
        lease = store.ledger.lease("main")
        with no_free_connection(own), pytest.raises(Broken, match="has no free connection"):
            lease.commit(whole_step("1;1"))
        lease.commit(whole_step("1;1"))
        store.close()


def test_a_full_disk_refuses_the_step_and_takes_it_when_there_is_room(own):
    dice = Random(1)
    with own.store() as url:
        store = opened(url)
        lease = store.ledger.lease("main")
        own.stop("fast")
        own.start(file_size=ROOM)
        big = step(body("big", data=dice.randbytes(4_000_000)), seen=[seen("big")])
        for _ in range(2):
            with pytest.raises(StoreError, match=NO_ROOM):
                lease.commit(big)
        assert lease.look_up(["big"]).known == {}
        lease.commit(whole_step("1;1"))  # a small one still fits
        own.stop("fast")
        own.start()
        lease.commit(big)
        assert set(lease.look_up(["1;1", "big"]).known) == {"1;1", "big"}
        store.close()


def test_a_step_whose_acknowledgement_is_lost_is_there_and_known(own, monkeypatch):
    monkeypatch.setattr(Replica, "_run", lambda _: None)  # a heartbeat has its own connection
    with own.store() as url, Relay(own.port) as relay:
        schema = url.rpartition("%3D")[2]
        store = opened(own.url_by(int(relay.url.rpartition(":")[2]), schema))
        lease = store.ledger.lease("main")
        for (
            name
        ) in "123456":  # psycopg prepares what it has sent five times, by a message of its own
            lease.commit(step(seen=[seen(name)]))
        with monkeypatch.context() as patch:
            watch = store._database._watch
            patch.setattr(Connection, "execute", _mutes_the_commit(relay, watch, patch))
            with pytest.raises(StoreError, match="cannot be reached"):
                lease.commit(step(body("a"), seen=[seen("a")]))
        assert set(lease.look_up(["a"]).known) == {"a"}
        assert len(store.outbox.due(TEMPO, NOW, 10_000)) == 1
        store.close()


def _mutes_the_commit(relay, watch, patch):
    execute = Connection.execute

    def executed(connection, query, *parameters):
        if query == "commit":
            relay.mute()
            # For this query alone: the others must pass, however long they take.
            patch.setattr(watch, "_seconds", 1)
        return execute(connection, query, *parameters)

    return executed
