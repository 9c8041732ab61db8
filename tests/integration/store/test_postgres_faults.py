"""What the store says of a database that does not answer, and that it works again afterwards."""

from urllib.parse import quote

import psycopg
import pytest
from psycopg import errors
from psycopg_pool import ConnectionPool
from support.builders.store_values import NOW, whole_step
from support.fakes.relay import Relay
from support.peers.waiting import wait_for
from support.rigs.postgres_cluster import cluster

from fuse_otel.errors import Broken, ConfigurationError, Full, MissingStore, StoreError
from fuse_otel.store import open_store
from fuse_otel.store.postgres.connection import translated
from fuse_otel.store.postgres.database import readable_name
from fuse_otel.store.postgres.errors import mapped, store_error
from fuse_otel.store.postgres.replica import Replica
from fuse_otel.store.postgres.schema import VERSION


def opened(url, **options):
    return open_store(url, capacity=1 << 20, clock=lambda: float(NOW), **options)


def test_a_database_that_restarts_is_used_again():
    with cluster() as own, own.store() as url:
        store = opened(url)
        lease = store.ledger.lease("main")
        lease.commit(whole_step("1;1"))
        own.stop()
        for use in (lambda: lease.commit(whole_step("2;2")), store.control.status):
            with pytest.raises(StoreError, match="cannot be reached") as failed:
                use()
            assert "password" not in str(failed.value)
        own.start()
        lease.commit(whole_step("2;2"))
        assert set(lease.look_up(["1;1", "2;2"]).known) == {"1;1", "2;2"}
        store.close()


def test_a_wire_that_was_cut_without_a_word_is_given_up(postgres, monkeypatch):
    monkeypatch.setattr(Replica, "_run", lambda _: None)  # a heartbeat has its own connection
    with postgres.store() as url, Relay(postgres.port) as relay:
        port = relay.url.rpartition(":")[2]
        there = url.replace(f"port={postgres.port}", f"port={port}")
        there = there.replace(quote(str(postgres.folder), safe=""), "127.0.0.1")
        store = opened(there)
        watch = store._database._watch
        lease = store.ledger.lease("main")

        def cut_while_it_reads() -> None:
            with store._database.read() as connection, monkeypatch.context() as patch:
                relay.forget()
                patch.setattr(watch, "_seconds", 0)  # of this query alone: the others must pass
                connection.execute("select 1")

        with pytest.raises(StoreError, match="cannot be reached"):
            cut_while_it_reads()
        lease.commit(whole_step("1;1"))
        idle = wait_for(lambda: _all_idle(store._database._pool), "the connections, idle,")
        with monkeypatch.context() as patch:
            patch.setattr(ConnectionPool, "check_connection", _too_late_for(idle, watch))
            relay.forget()  # an idle connection is checked before it is used
            lease.commit(whole_step("1;1"))
        assert set(lease.look_up(["1;1"]).known) == {"1;1"}
        store.close()


def _all_idle(pool):
    """Its connections, once none is lent out or being made."""
    stats = pool.get_stats()
    return stats["pool_available"] == stats["pool_size"] and list(pool._pool)


def _too_late_for(connections, watch):
    """The checks of these alone have no time left."""
    check = ConnectionPool.check_connection

    def checked(raw):
        if raw in connections:
            watch._waiting[raw] = 0
        check(raw)

    return checked


def test_a_reader_needs_a_schema_and_changes_nothing(postgres):
    with postgres.store() as url:
        opened(url).close()
        reader = opened(url, read_only=True)
        assert reader.control.status().accounts == ()
        for write in (lambda: reader.ledger.lease("main"), reader.control.lock):
            with pytest.raises(Broken, match="open for reading only"):
                write()
        reader.close()
    empty = postgres.url(postgres._new_schema())
    for options in ({"read_only": True}, {"create": False}):
        with pytest.raises(MissingStore, match="empty or older than this program"):
            opened(empty, **options)


def test_who_creates_no_store_uses_one_that_is_there(postgres):
    with postgres.store() as url:
        opened(url).close()
        store = opened(url, create=False)
        store.ledger.lease("main").commit(whole_step("1;1"))
        store.close()


def test_a_schema_that_does_not_serve_this_program_is_refused(postgres):
    url = postgres.url(postgres._new_schema())
    opened(url).close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("update meta set value = value + 1 where name = 'schema'")
        opened(url).close()  # newer, but it serves this version too
        connection.execute("update meta set value = %s where name = 'schema_serves'", [VERSION + 1])
    with pytest.raises(Broken, match="newer fuse-otel"):
        opened(url)


def test_an_unknown_word_in_a_row_is_no_reason_to_begin_anew(postgres):
    with postgres.store() as url:
        store = opened(url)
        store.ledger.lease("main")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("insert into lanes (destination, signal) values ('a', 'odd')")
        with pytest.raises(Broken, match="unknown value"):
            store.control.status()
        store.close()


def test_a_server_that_is_not_there_is_named_without_its_login():
    with pytest.raises(Broken, match=r"The store 127\.0\.0\.1:1/calls cannot be reached") as found:
        opened("postgresql://me:geheim@127.0.0.1:1/calls")
    assert "geheim" not in str(found.value)
    assert readable_name("postgresql://me:geheim@db/calls?password=geheim") == "db/calls"
    with pytest.raises(Broken, match="no valid PostgreSQL URL"):
        readable_name("postgresql://db/calls?nonsense=1")


@pytest.mark.parametrize(
    ("rest", "shown"),
    [
        ("me:geheim", "me:********/"),
        ("me:geheim/calls", "me:********/calls"),
        ("db/ge$heim", "db/********"),
        ("db/calls?host=ge%40heim", "********/calls"),
        ("me:geheim@a:1,b:2/calls", "a,b:1,2/calls"),
        ("me@db:1/calls?password=geheim", "db:1/calls"),
    ],
)
@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_only_a_host_a_port_and_a_database_are_named(scheme, rest, shown):
    assert readable_name(f"{scheme}://{rest}") == shown


@pytest.mark.parametrize(
    "rest", ["me:geh/eim@db", "me:geh?eim@db", "me:geh#eim@db", "me:geh@eim@db", "db?user=geh@eim"]
)
def test_a_url_whose_password_is_cut_is_not_opened(rest):
    with pytest.raises(Broken, match="no valid PostgreSQL URL") as found:
        opened(f"postgresql://{rest}")
    assert "eim" not in str(found.value)


@pytest.mark.parametrize("password", ["1", "65535", "65536", "84729301837465"])
@pytest.mark.parametrize("path", ["", "/", "/calls", "/calls?sslmode=disable", "?dbname=calls"])
def test_a_login_of_digits_without_a_host_is_explained_and_not_shown(password, path):
    with pytest.raises(Broken, match="what follows the colon is the port") as found:
        opened(f"postgresql://localhost:{password}{path}")
    assert password not in str(found.value)
    assert f"The store localhost/{'calls' * ('calls' in path)} cannot" in str(found.value)


@pytest.mark.parametrize(
    "login",
    ["1234,geheim", "ge,heim", "1,2,geheim", "me:1234,geheim", "me%3Ageheim", "me:%67eheim"],
)
def test_a_login_that_libpq_takes_for_several_hosts_is_not_shown(login):
    rest = login if "me" in login else f"me:{login}"
    assert readable_name(f"postgresql://{rest}/calls") == "********/calls"
    with pytest.raises(Broken) as found:
        opened(f"postgresql://{rest}/calls")
    assert "heim" not in str(found.value)


def test_a_port_is_named_where_it_can_be_no_password():
    assert readable_name("postgresql://me@db:1/calls") == "db:1/calls"
    assert readable_name("postgresql://db/calls?port=1") == "db:1/calls"
    assert readable_name("postgresql://db:1/calls") == "db/calls"
    assert readable_name("postgresql://[::1]:2/calls") == "::1/calls"


def test_an_address_with_colons_is_taken_for_no_login():
    with pytest.raises(Broken, match="cannot be reached, or") as found:
        opened("postgresql://[::1]/calls?port=1")
    assert "::1:1/calls" in str(found.value)


@pytest.mark.parametrize("host", ["a..b", "x" * 64, "a." + "x" * 64 + ".b"])
def test_a_host_that_no_resolver_takes_is_named(host):
    with pytest.raises(Broken, match="cannot be reached") as found:
        opened(f"postgresql://me:geheim@{host}/calls")
    assert host in str(found.value)
    assert "geheim" not in str(found.value)


def test_without_the_extra_it_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fuse_otel.store.postgres", None)
    with pytest.raises(ConfigurationError, match=r"fuse-otel\[postgres\]"):
        opened("postgresql://db/calls")


@pytest.mark.parametrize(
    ("error", "type_", "words"),
    [
        (errors.DiskFull, Full, "is full"),
        (errors.DeadlockDetected, StoreError, "nothing was changed"),
        (errors.ReadOnlySqlTransaction, Broken, "read-only"),
        (errors.TooManyConnections, Broken, "no free connection"),
        (errors.InsufficientPrivilege, Broken, "may not read and write"),
        (errors.InternalError_, Broken, "XX000"),
        (psycopg.OperationalError, Broken, "cannot be reached"),
    ],
)
def test_every_error_of_the_server_has_a_sentence_of_ours(error, type_, words):
    with pytest.raises(type_, match=words) as found, mapped("db/calls"):
        raise error("secret values of the statement")
    assert "secret" not in str(found.value)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("FATAL:  sorry, too many clients already", "no free connection"),
        ("FATAL:  remaining connection slots are reserved", "no free connection"),
        ('FATAL:  password authentication failed for user "secret"', "refuses the login"),
        ("FATAL:  the database system is starting up", "does not accept connections yet"),
    ],
)
def test_a_refused_connection_is_known_by_its_words(said, words):
    with pytest.raises(Broken, match=words) as found, mapped("db/calls"):
        raise psycopg.OperationalError(said)
    assert "secret" not in str(found.value)


def test_errors_about_values_stay_what_they_are():
    assert store_error(errors.UniqueViolation(), "db") is None
    with pytest.raises(errors.UniqueViolation), mapped("db"):
        raise errors.UniqueViolation


def test_placeholders_are_psycopgs_and_casts_stay():
    assert translated("select ?::bigint, :name, 'x' like 'a%'") == (
        "select %s::bigint, %(name)s, 'x' like 'a%%'"
    )
