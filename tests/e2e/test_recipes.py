"""Every query of the recipes for Jaeger gets an answer from the real one."""

import re

import pytest
from support.pages.recipes import recipes
from support.peers.account import account
from support.peers.expected import attributes
from support.peers.waiting import wait_for

SESSION, USER = "300060;001;1529552581", "2a6f67a45538788ba7aa139a9ad63694"
TENANT = "questions"
HALF_AN_HOUR = 1800


@pytest.fixture(scope="module")
def asked(jaeger, tmp_path_factory):
    """Delivers enough calls that every query finds one. Returns the example call of the page."""
    with account(TENANT, tmp_path_factory.mktemp("daemon"), 300) as calls:
        calls.deliver(jaeger.url("http"), OTEL_LOGS_EXPORTER="none")
        expected = calls.expected()
        # The daemon still waits for the log of a younger call.
        old = [i for i, each in expected.items() if each.call.end < calls.until - HALF_AN_HOUR]
        wait_for(lambda: all(map(jaeger.trace, old)), "every trace")
        yield next(expected[each] for each in old if user_of(expected[each]))


@pytest.mark.parametrize("recipe", recipes("jaeger"), ids=lambda each: each.question)
def test_a_query_gets_an_answer(recipe, asked, jaeger):
    query = recipe.query.replace(SESSION, asked.call.session_id).replace(USER, user_of(asked))
    wait_for(lambda: any(jaeger.search(each, tags_of(query)) for each in jaeger.services()), query)


def user_of(call):
    """Empty for a caller without a number."""
    return str(attributes(call.root.attributes).get("user.hash", ""))


def tags_of(line):
    """Leaves out ``error=true``: Jaeger's memory store does not find it."""
    tags = dict(each.split("=", 1) for each in re.findall(r"\S+=\S+", line))
    return {name: value for name, value in tags.items() if name != "error"}
