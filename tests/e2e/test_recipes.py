"""Each question of the pages is put to the real Tempo, Loki and Jaeger, and has an answer."""

import re
import time

import pytest
from support.peers.account import account
from support.peers.expected import attributes
from support.peers.page import blocks
from support.peers.waiting import wait_for
from support.recipes import Recipe, recipes

from fuse_otel.simulator import Quirks

QUESTIONS = [
    *(Recipe(block.name, block.language, block.text) for block in blocks("traceql", "logql")),
    *(each for language in ("traceql", "logql", "jaeger") for each in recipes(language)),
]
SESSION, TRACE = "300060;001;1529552581", "8a5b202fe11d5c39ac991eb6ddf02c95"
USER = "2a6f67a45538788ba7aa139a9ad63694"
TENANT = "questions"
HALF_AN_HOUR = 1800
# What no simulated call is like, or hardly one.
UNANSWERED = {
    "{ span.fuse.truncated = true }",
    '{ span.fuse.module.type = "menu" && span.fuse.input.wait > 15 }',
}


@pytest.fixture(scope="module")
def asked(tempo, loki, jaeger, tmp_path_factory):
    """Calls enough that each question has an answer; the one that the pages name as an example."""
    folder = tmp_path_factory.mktemp("daemon")
    settings = {
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{tempo.url('http')}/v1/traces",
        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": f"{loki.otlp}/v1/logs",
        "OTEL_EXPORTER_OTLP_HEADERS": f"X-Scope-OrgID={TENANT}",
    }
    with account(TENANT, folder, 300, quirks=Quirks(lost_logs=0.05)) as calls:
        calls.deliver("", **settings)
        (folder / "state.db").unlink()
        calls.deliver(jaeger.url("http"), OTEL_LOGS_EXPORTER="none")
        expected = calls.expected()
        # Younger calls without their logs are still waited for.
        old = [i for i, each in expected.items() if each.call.end < calls.until - HALF_AN_HOUR]
        wait_for(lambda: all(tempo.trace(TENANT, each) for each in old), "every trace")
        lines = loki.lines(
            TENANT, '{service_namespace="plum-fuse"}', time.time() - 7200, time.time()
        )
        shown = (expected[line.labels["trace_id"]] for line in lines)
        yield next(each for each in shown if user_of(each))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda each: each.question)
def test_a_question_has_an_answer(question, asked, tempo, loki, jaeger):
    query = question.query.strip().replace(SESSION, asked.call.session_id)
    query = query.replace(TRACE, asked.trace_id)
    query = query.replace(USER, user_of(asked))
    start, end = time.time() - 7200, time.time() + 60
    ask = {
        "traceql": lambda: tempo.search(TENANT, query, start, end),
        "logql": lambda: answer_of(loki, query, start, end),
        "jaeger": lambda: any(jaeger.search(each, tags_of(query)) for each in jaeger.services()),
    }[question.language]
    if question.query in UNANSWERED:
        ask()
    else:
        wait_for(ask, query)


def answer_of(loki, query, start, end):
    """Lines, or the samples of a metric query."""
    if re.search(r"\b(sum|topk|count_over_time)\b", query):
        return loki.ask(TENANT, "query", query=query, time=int(end))["result"]
    return loki.lines(TENANT, query, start, end)


def user_of(call):
    """Nothing for a caller without a number."""
    return str(attributes(call.root.attributes).get("user.hash", ""))


def tags_of(line):
    """Without ``error=true``, which Jaeger's store in memory finds nowhere."""
    tags = dict(each.split("=", 1) for each in re.findall(r"\S+=\S+", line))
    return {name: value for name, value in tags.items() if name != "error"}
