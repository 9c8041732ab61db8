"""Every query of every topic runs on PostgreSQL, and each of its own texts replaces or adds one."""

import re
from contextlib import suppress
from importlib.resources import files

import psycopg
import pytest

from fuse_otel.store import relational
from fuse_otel.store.postgres.connection import TOPICS, own_queries, translated
from fuse_otel.store.postgres.store import open_postgres
from fuse_otel.store.relational.queries import queries

FOLDER = files(relational).joinpath("sql")
SHARED = sorted(each.name.removesuffix(".sql") for each in FOLDER.iterdir())
OWN = {"outbox.claim", "calls.before_open"}  # called by PostgreSQL's own code


@pytest.fixture(scope="module")
def database(postgres):
    with postgres.store() as url:
        store = open_postgres(url, capacity=1, read_only=False, create=True, emit=lambda _: None)
        yield store._database
        store.close()


def every():
    for topic in sorted({*TOPICS, *SHARED}):
        own = own_queries(topic) if topic in TOPICS else {}
        shared = queries(topic) if topic in SHARED else {}
        yield from {**own, **shared}.values()


@pytest.mark.parametrize("query", list(every()), ids=lambda query: query.name)
def test_every_query_runs(database, query):
    text = translated(query)
    named = dict.fromkeys(re.findall(r"%\((\w+)\)s", text))
    arguments = named or (None,) * text.count("%s")
    # A missing value breaks a constraint, which the server finds only when it runs the query.
    with suppress(psycopg.IntegrityError, RolledBack), database.write() as connection:
        connection.execute(query, arguments)
        raise RolledBack


class RolledBack(Exception):
    """Not a ``StoreError``: the store maps the errors of a broken query to one."""


def test_every_text_of_its_own_replaces_a_shared_one():
    names = {query.name for topic in SHARED for query in queries(topic).values()}
    topics = [topic for topic in TOPICS if topic in SHARED]
    own = {query.name for topic in topics for query in own_queries(topic).values()}
    assert own - names == OWN
