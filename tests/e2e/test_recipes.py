"""Every query of the pages for Jaeger and VictoriaLogs gets an answer from the real one.

Those for Tempo and Loki run where ``TEST_TEMPO_URL`` and ``TEST_LOKI_URL`` name a real one.
"""

import re
import time
from contextlib import contextmanager

import pytest
from support.pages.recipes import Recipe, recipes
from support.peers.account import account
from support.peers.expected import attributes
from support.peers.loki import RealLoki
from support.peers.page import blocks
from support.peers.tempo import RealTempo
from support.peers.waiting import wait_for

from fuse_otel.simulator.quirks import Quirks

pytestmark = pytest.mark.slow

SESSION, TRACE = "300060;001;1529552581", "8a5b202fe11d5c39ac991eb6ddf02c95"
USER = "2a6f67a45538788ba7aa139a9ad63694"
TENANT = "questions"
CALLS = 1500  # one of 300 gives up answering
HALF_AN_HOUR, TWO_HOURS = 1800, 7200
# No simulated call is like that, or hardly one.
UNANSWERED = {
    "{ span.fuse.truncated = true }",
    '{ span.fuse.module.type = "menu" && span.fuse.input.wait > 15 }',
}


def queries(language):
    on_the_page = [Recipe(each.name, language, each.text.strip()) for each in blocks(language)]
    found = on_the_page + recipes(language)
    return pytest.mark.parametrize("recipe", found, ids=lambda each: each.question)


@pytest.fixture(scope="module")
def delivered(jaeger, victorialogs, tmp_path_factory):
    """Delivers enough calls that every query finds one. Returns the example call of the pages."""
    with calls_for_all_queries(
        tmp_path_factory.mktemp("daemon"),
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"{jaeger.url('http')}/v1/traces",
        OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=f"{victorialogs.otlp}/v1/logs",
    ) as calls:
        meant = example(older(calls))
        wait_for(lambda: jaeger.trace(meant.trace_id), "the trace of the example")
        yield meant


@pytest.fixture(scope="module")
def tempo(tmp_path_factory):
    """A real Tempo that holds enough calls, and the example call of the pages."""
    tempo = RealTempo()
    with calls_for_all_queries(
        tmp_path_factory.mktemp("daemon"),
        OTEL_LOGS_EXPORTER="none",
        OTEL_EXPORTER_OTLP_ENDPOINT=tempo.http,
        OTEL_EXPORTER_OTLP_HEADERS=f"X-Scope-OrgID={TENANT}",
    ) as calls:
        expected = older(calls)
        wait_for(lambda: all(tempo.trace(TENANT, each) for each in expected), "every trace")
        yield tempo, example(expected)


@pytest.fixture(scope="module")
def loki(tmp_path_factory):
    """A real Loki that holds enough calls, and the example call of the pages."""
    loki = RealLoki()
    with calls_for_all_queries(
        tmp_path_factory.mktemp("daemon"),
        OTEL_TRACES_EXPORTER="none",
        OTEL_EXPORTER_OTLP_ENDPOINT=loki.otlp,
        OTEL_EXPORTER_OTLP_HEADERS=f"X-Scope-OrgID={TENANT}",
    ) as calls:
        yield loki, example(older(calls))


@contextmanager
def calls_for_all_queries(folder, **settings):
    with account(TENANT, folder, CALLS, quirks=Quirks(lost_logs=0.05)) as calls:
        calls.deliver("", **settings)
        yield calls


def older(calls):
    """The calls for whose log the daemon waits no longer, by trace id."""
    end = calls.until - HALF_AN_HOUR
    return {trace_id: call for trace_id, call in calls.expected().items() if call.call.end < end}


def example(expected):
    return next(call for call in expected.values() if call.records and user_of(call))


def about(query, call):
    """The query, about this call instead of the example of the pages."""
    query = query.replace(SESSION, call.call.session_id).replace(TRACE, call.trace_id)
    return query.replace(USER, user_of(call))


@queries("jaeger")
def test_jaeger_answers(recipe, delivered, jaeger):
    tags = tags_of(about(recipe.query, delivered))
    wait_for(
        lambda: any(jaeger.search(each, tags, limit="1") for each in jaeger.services()),
        recipe.query,
    )


@queries("logsql")
def test_victorialogs_answers(recipe, delivered, victorialogs):
    query = f'deployment.environment.name:="{TENANT}" {about(recipe.query, delivered)}'

    def ask():
        victorialogs.flush()
        return victorialogs.rows(f"{query} | limit 1")

    wait_for(ask, query)


@queries("traceql")
def test_tempo_answers(recipe, tempo):
    running, call = tempo
    query = about(recipe.query, call)

    def ask():
        return running.search(TENANT, query, time.time() - TWO_HOURS, time.time() + 60)

    if recipe.query in UNANSWERED:
        ask()
    else:
        wait_for(ask, query)


@queries("logql")
def test_loki_answers(recipe, loki):
    running, call = loki
    query = about(recipe.query, call)

    def ask():
        if re.search(r"\b(sum|topk|count_over_time)\b", query):
            return running.ask(TENANT, "query", query=query, time=int(time.time()))["result"]
        return running.lines(TENANT, query, time.time() - TWO_HOURS, time.time() + 60)

    wait_for(ask, query)


def user_of(call):
    """Empty for a caller without a number."""
    return str(attributes(call.root.attributes).get("user.hash", ""))


def tags_of(line):
    """Leaves out ``error=true``: Jaeger's memory store does not find it."""
    tags = dict(each.split("=", 1) for each in re.findall(r"\S+=\S+", line))
    return {name: value for name, value in tags.items() if name != "error"}
