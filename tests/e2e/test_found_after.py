"""Which call is found by which question, and how long after its delivery: the table of the page.

``make found-after`` writes it anew; a test run compares what is found, not the seconds.
"""

import os
import time
from contextlib import ExitStack

from support.peers.ages import AGES, DAY, calls_of_each_age, picked_account
from support.peers.found_after import (
    Asking,
    Row,
    on_the_page,
    update_page,
    without_seconds,
    written,
)
from support.peers.waiting import wait_for

# Younger ones are still where Tempo looks whatever the range.
OLDER_THAN_HALF_AN_HOUR = frozenset({"2 h", "26 h", "4.9 days"})
OLDER_THAN_THREE_HOURS = frozenset({"26 h", "4.9 days"})
SLACK = "Tempo with a slack of 121 h"
PROTOCOLS = {"HTTP": ("http", "http/protobuf"), "gRPC": ("grpc", "grpc")}
PATIENCE = 240
A_MINUTE = 60


class Rows:
    """Delivers calls of all ages on every way; ``listed`` are the rows to ask for."""

    def __init__(self, folder, tenant):
        self.now = time.time()
        self.listed = []
        self._folder, self._tenant = folder, tenant
        self._calls = calls_of_each_age(self.now)

    def deliver(self, way, endpoint, **settings):
        """The tenant, the calls by age, and when they were delivered."""
        name = f"{self._tenant}-{way}"
        folder = self._folder / way
        folder.mkdir()
        with picked_account(name, folder, self.now, list(self._calls.values())) as calls:
            usual = {
                "FUSE_OTEL_SINCE": "5d",
                "FUSE_OTEL_LOGS_FLAVOUR": "loki",
                "OTEL_EXPORTER_OTLP_HEADERS": f"X-Scope-OrgID={name}",
            }
            calls.deliver(endpoint, **{**usual, **settings})
            by_session = {each.call.session_id: each for each in calls.expected().values()}
        expected = {age: by_session[call.session_id] for age, call in self._calls.items()}
        return name, expected, time.monotonic()

    def add(self, titles, asked, find, delivered, **kinds):
        self.listed.append(Row(*titles, asked, find, delivered, **kinds))

    @property
    def window(self):
        return self.now - 6 * DAY, self.now + 60


def add_jaeger(rows, jaeger):
    for protocol, (port, word) in PROTOCOLS.items():
        settings = {"OTEL_LOGS_EXPORTER": "none", "OTEL_EXPORTER_OTLP_PROTOCOL": word}
        name, calls, then = rows.deliver(f"jaeger-{port}", jaeger.url(port), **settings)

        def by_id(age, calls=calls):
            return jaeger.trace(calls[age].trace_id)

        def by_search(age, calls=calls, name=name):
            tags = {
                "session.id": calls[age].call.session_id,
                "deployment.environment.name": name,
            }
            return jaeger.search(calls[age].service, tags)

        rows.add(("Jaeger", protocol), "its id", by_id, then)
        rows.add(("Jaeger", protocol), "`session.id`", by_search, then)


def add_tempo(rows, tempo, way, title, **around):
    for protocol, (port, word) in PROTOCOLS.items():
        settings = {"OTEL_LOGS_EXPORTER": "none", "OTEL_EXPORTER_OTLP_PROTOCOL": word}
        delivered = rows.deliver(f"{way}-{port}", tempo.url(port), **settings)
        add_questions_to_tempo(rows, tempo, (title, protocol), delivered, **around)


def add_questions_to_tempo(rows, tempo, titles, delivered, **around):
    name, calls, then = delivered

    def query(age):
        return f'{{ span.session.id = "{calls[age].call.session_id}" }}'

    def by_id(age):
        return tempo.trace(name, calls[age].trace_id)

    def until_now(age):
        return tempo.search(name, query(age), *rows.window)

    def around_the_call(age):
        call = calls[age].call
        return tempo.search(name, query(age), call.start - A_MINUTE, call.end + A_MINUTE)

    rows.add(titles, "its id", by_id, then)
    rows.add(titles, "`session.id`, six days until now", until_now, then)
    rows.add(titles, "`session.id`, the minutes around the call", around_the_call, then, **around)


def add_loki(rows, loki):
    settings = {"OTEL_TRACES_EXPORTER": "none"}
    delivered = rows.deliver("loki", loki.otlp, **settings)
    add_question_to_loki(rows, loki, ("Loki", "HTTP"), delivered, OLDER_THAN_THREE_HOURS)
    return delivered


def add_question_to_loki(rows, loki, titles, delivered, hopeless=frozenset()):
    name, calls, then = delivered

    def by_trace_id(age):
        query = f'{{service_namespace="plum-fuse"}} | trace_id="{calls[age].trace_id}"'
        return len(loki.lines(name, query, *rows.window)) == len(calls[age].records)

    rows.add(titles, "`trace_id`", by_trace_id, then, hopeless=hopeless)


def add_collectors(rows, collector, tempo, tenant, running):
    for protocol, (port, word) in PROTOCOLS.items():
        way = f"collector-{port}"
        exporter = {
            "type": "otlp",
            "endpoint": tempo.address("grpc"),
            "tls": {"insecure": True},
            "headers": {"X-Scope-OrgID": f"{tenant}-{way}"},
        }
        between = running.enter_context(collector({"traces": exporter}, queue=True))
        settings = {"OTEL_LOGS_EXPORTER": "none", "OTEL_EXPORTER_OTLP_PROTOCOL": word}
        delivered = rows.deliver(way, between.url(port), **settings)
        add_questions_to_tempo(rows, tempo, (f"Collector, then {SLACK}", protocol), delivered)


def test_what_is_found_after_how_long(
    jaeger, tempo, stock_tempo, loki, collector, tenant, tmp_path
):
    rows = Rows(tmp_path, tenant)
    ages = list(AGES)
    with ExitStack() as running:
        running.enter_context(Asking(rows.listed, ages, PATIENCE))
        add_jaeger(rows, jaeger)
        add_tempo(rows, stock_tempo, "stock", "Tempo", hopeless=OLDER_THAN_HALF_AN_HOUR)
        add_tempo(rows, tempo, "slack", SLACK)
        with ExitStack() as collectors:
            add_collectors(rows, collector, tempo, tenant, collectors)
            wait_for(lambda: passed_on(rows), "what the Collectors had to pass on")
        name, calls, _ = add_loki(rows, loki)
    loki.flush()
    flushed = (name, calls, time.monotonic())
    add_question_to_loki(rows, loki, ("Loki after `POST /flush`", "HTTP"), flushed)
    Asking(rows.listed[-1:], ages, PATIENCE).until_all_is_found()
    table = written(rows.listed, ages)
    if os.environ.get("UPDATE_DOCS"):
        update_page(table)
    assert without_seconds(table) == without_seconds(on_the_page())


def passed_on(rows):
    return all(
        len(row.after) == len(AGES)
        for row in rows.listed
        if row.program.startswith("Collector") and row.asked == "its id"
    )
