"""Every query of every topic runs on PostgreSQL, and each of its own texts replaces or adds one."""

import re
from contextlib import suppress

import psycopg
import pytest

from fuse_otel.errors import StoreError
from fuse_otel.store.postgres.connection import TOPICS, own_queries, translated
from fuse_otel.store.postgres.store import open_postgres
from fuse_otel.store.relational.queries import queries

SHARED = [topic for topic in TOPICS if topic != "replicas"]
OWN = {"outbox.claim", "calls.before_open"}  # called by PostgreSQL's own code


@pytest.fixture(scope="module")
def database(postgres):
    with postgres.store() as url:
        store = open_postgres(url, capacity=1, read_only=False, emit=lambda _: None)
        yield store._database
        store.close()


def every():
    for topic in TOPICS:
        shared = queries(topic) if topic in SHARED else {}
        yield from (own_queries(topic) | dict(shared)).values()


@pytest.mark.parametrize("query", list(every()), ids=lambda query: query.name)
def test_every_query_runs(database, query):
    text = translated(query)
    named = dict.fromkeys(re.findall(r"%\((\w+)\)s", text))
    arguments = named or (None,) * text.count("%s")
    # A missing value breaks a constraint, which the server finds only when it runs the query.
    with suppress(psycopg.IntegrityError, StoreError), database.write() as connection:
        connection.execute(query, arguments)
        raise StoreError("nothing of it stays")


def test_every_text_of_its_own_replaces_a_shared_one():
    names = {query.name for topic in SHARED for query in queries(topic).values()}
    own = {query.name for topic in SHARED for query in own_queries(topic).values()}
    assert own - names == OWN
