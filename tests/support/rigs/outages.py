"""What a PostgreSQL server does to its clients without being gone, while the context lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg

from support.peers.waiting import wait_for
from support.rigs.postgres_cluster import Cluster

CALM = 3
_SETTING = "synchronous_standby_names"
_OURS = "select count(*) from pg_stat_activity where application_name like 'fuse-otel %'"
_END_OURS = """
select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'fuse-otel %'
"""


@contextmanager
def standby(server: Cluster) -> Iterator[None]:
    """As after a failover to a server that is not promoted yet."""
    server.become_standby()
    yield
    server.promote()


@contextmanager
def no_free_connection(server: Cluster, *, end_ours: bool = True) -> Iterator[None]:
    """``end_ours``: the store's connections are ended, and taken too. In the end the server has
    free ones again.
    """
    with ExitStack() as taken:
        admin = taken.enter_context(psycopg.connect(server.url(), autocommit=True))

        calm = 0

        def all_taken() -> bool:
            nonlocal calm
            if end_ours:
                admin.execute(_END_OURS)
            more = False
            while _takes_one(server, taken):
                more = True
            (ours,) = admin.execute(_OURS).fetchone()
            # One that is starting or ending has its place, and is not listed.
            calm = 0 if more or (end_ours and ours) else calm + 1
            return calm > CALM

        wait_for(all_taken, "a server without a free connection")
        yield
    # The server ends each connection a moment after its client.
    with ExitStack() as again:
        wait_for(lambda: _takes_one(server, again), "a free connection")


def _takes_one(server: Cluster, taken: ExitStack) -> bool:
    try:
        taken.enter_context(psycopg.connect(server.url()))
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def slow_tables(server: Cluster) -> Iterator[None]:
    """No query of them ends."""
    with psycopg.connect(server.url()) as other:
        other.execute("lock table accounts, deliveries in access exclusive mode")
        yield


@contextmanager
def no_acknowledgement(server: Cluster) -> Iterator[None]:
    """Each commit is on the disk, and its client hears nothing of it: the server waits for another
    one that is not there. In the end all clients see what was committed.
    """
    with psycopg.connect(server.url(), autocommit=True) as admin:
        admin.execute(f"alter system set {_SETTING} = 'gone'")
        admin.execute("select pg_reload_conf()")
        yield
        admin.execute(f"alter system reset {_SETTING}")
        admin.execute("select pg_reload_conf()")
