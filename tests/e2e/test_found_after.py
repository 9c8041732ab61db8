"""Which query finds which call, and how long after its delivery: the table of the page.

``make found-after`` writes the table. A test run compares what is found, not the seconds.
"""

import os
import time
from contextlib import ExitStack

import pytest
from support.peers.ages import AGES, calls_of_each_age, picked_account
from support.peers.found_after import (
    Asking,
    Row,
    on_the_page,
    update_page,
    without_seconds,
    written,
)
from support.peers.waiting import wait_for

pytestmark = pytest.mark.proof

PROTOCOLS = {"HTTP": ("http", "http/protobuf"), "gRPC": ("grpc", "grpc")}
PATIENCE = 240


class Rows:
    """Delivers calls of all ages over every protocol. ``listed`` holds the rows of the table."""

    def __init__(self, folder, tenant):
        self.now = time.time()
        self.listed = []
        self._folder, self._tenant = folder, tenant
        self._calls = calls_of_each_age(self.now)

    def deliver(self, way, endpoint, **settings):
        """Return the environment name, the calls by age and the time of delivery."""
        name = f"{self._tenant}-{way}"
        folder = self._folder / way
        folder.mkdir()
        with picked_account(name, folder, self.now, list(self._calls.values())) as calls:
            calls.deliver(endpoint, FUSE_OTEL_SINCE="5d", **settings)
            by_session = {each.call.session_id: each for each in calls.expected().values()}
        expected = {age: by_session[call.session_id] for age, call in self._calls.items()}
        return name, expected, time.monotonic()

    def add(self, titles, asked, find, delivered):
        self.listed.append(Row(*titles, asked, find, delivered))


def add_jaeger(rows, jaeger):
    for protocol, (port, word) in PROTOCOLS.items():
        settings = {"OTEL_LOGS_EXPORTER": "none", "OTEL_EXPORTER_OTLP_PROTOCOL": word}
        delivered = rows.deliver(f"jaeger-{port}", jaeger.url(port), **settings)
        add_questions_to_jaeger(rows, jaeger, ("Jaeger", protocol), delivered)


def add_questions_to_jaeger(rows, jaeger, titles, delivered):
    name, calls, then = delivered

    def by_id(age):
        return jaeger.trace(calls[age].trace_id)

    def by_search(age):
        tags = {"session.id": calls[age].call.session_id, "deployment.environment.name": name}
        return jaeger.search(calls[age].service, tags)

    rows.add(titles, "its id", by_id, then)
    rows.add(titles, "`session.id`", by_search, then)


def add_victorialogs(rows, victorialogs):
    delivered = rows.deliver("victorialogs", victorialogs.otlp, OTEL_TRACES_EXPORTER="none")
    add_questions_to_victorialogs(rows, victorialogs, ("VictoriaLogs", "HTTP"), delivered)


def add_questions_to_victorialogs(rows, victorialogs, titles, delivered):
    name, calls, then = delivered

    def by_trace_id(age):
        return all_of(victorialogs, name, calls[age], f'trace_id:="{calls[age].trace_id}"')

    def by_session(age):
        session_id = calls[age].call.session_id
        return all_of(victorialogs, name, calls[age], f'session.id:="{session_id}"')

    rows.add(titles, "`trace_id`", by_trace_id, then)
    rows.add(titles, "`session.id`", by_session, then)


def all_of(victorialogs, environment, call, query):
    ours = f'deployment.environment.name:="{environment}"'
    return len(victorialogs.rows(f"{ours} {query}")) == len(call.records)


def add_collectors(rows, collector, jaeger, victorialogs, running):
    exporters = {
        "traces": {"type": "otlp", "endpoint": jaeger.address("grpc"), "tls": {"insecure": True}},
        "logs": {"type": "otlphttp", "endpoint": victorialogs.otlp},
    }
    for protocol, (port, word) in PROTOCOLS.items():
        between = running.enter_context(collector(exporters, queue=True))
        settings = {"OTEL_EXPORTER_OTLP_PROTOCOL": word}
        delivered = rows.deliver(f"collector-{port}", between.url(port), **settings)
        add_questions_to_jaeger(rows, jaeger, ("Collector, then Jaeger", protocol), delivered)
        titles = "Collector, then VictoriaLogs", protocol
        add_questions_to_victorialogs(rows, victorialogs, titles, delivered)


def test_what_is_found_after_how_long(jaeger, victorialogs, collector, tenant, tmp_path):
    rows = Rows(tmp_path, tenant)
    ages = list(AGES)
    with ExitStack() as running:
        running.enter_context(Asking(rows.listed, ages, PATIENCE))
        add_jaeger(rows, jaeger)
        add_victorialogs(rows, victorialogs)
        with ExitStack() as collectors:
            add_collectors(rows, collector, jaeger, victorialogs, collectors)
            wait_for(lambda: passed_on(rows), "the calls that the Collectors pass on")
    table = written(rows.listed, ages)
    if os.environ.get("UPDATE_DOCS"):
        update_page(table)
    assert without_seconds(table) == without_seconds(on_the_page())


def passed_on(rows):
    return all(
        len(row.after) == len(AGES) for row in rows.listed if row.program.startswith("Collector")
    )
