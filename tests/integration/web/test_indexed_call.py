"""The page of a call of which only the index of calls knows, over a real socket."""

import re
from html import escape, unescape
from urllib.parse import quote

import pytest
from support import http_client
from support.builders.store_values import NOW
from support.rigs.web_site import (
    START,
    filled_store,
    indexed_call,
    links,
    recent_call,
    served,
    site,
)

from fuse_otel.ports import Step
from fuse_otel.web.call_head import LinkTemplates

KEPT, OLD, NASTY = "300060;003;3", "300060;001;1", '"><script>alert(1)</script>'
HTML = {"Accept": "text/html"}
TEMPLATES = LinkTemplates(
    trace="http://jaeger:16686/trace/{trace_id}",
    logs="http://logs/?s={session_id}&from={start_ms}&to={end_ms}",
)


@pytest.fixture(scope="module")
def web():
    store = filled_store(recent_call(KEPT, trace=3))
    old = indexed_call(recent_call(OLD, trace=1), start=START - 3600, end=START - 3500)
    nasty = indexed_call(
        recent_call(NASTY, NASTY, trace=2, error=False),
        start=None,
        end=START - 60,
        modules=(f"menu {NASTY}",),
    )
    store.ledger.lease("main").commit(Step(at=NOW, indexed=[old, nasty]))
    with served(site(store, links=TEMPLATES)) as url, http_client.client(base_url=url) as client:
        yield client
    store.close()


def page(web, session_id, query=""):
    answer = web.get(f"/calls/{quote(session_id, safe='')}{query}", headers=HTML)
    assert answer.status_code == 200
    return answer.text


def test_the_list_leads_to_the_facts_of_a_call_without_a_waterfall(web):
    (link,) = (each for each in links(web.get("/calls/").text) if each == quote(OLD, safe=""))
    text = web.get(f"/calls/{link}").text
    for name, value in (
        ("Account", "main"),
        ("Version", "0.2"),
        ("Direction", "inbound"),
        ("Outcome", "transferred"),
        ("Failed in", "rest look_up_claim 503"),
        ("Lasted", "1 min 40 s"),
        ("Session", f"<code>{OLD}</code>"),
        ("Trace", f"<code>{'0' * 31}1</code>"),
    ):
        assert f"<dt>{name}</dt><dd>{value}</dd>" in text
    assert "The waterfall is kept for the newest calls only." in text
    assert "<svg" not in text


def test_it_links_to_its_trace_and_its_logs(web):
    outer = [unescape(each) for each in links(page(web, OLD)) if "://" in each]
    times = f"from={(START - 3600) * 1000}&to={(START - 3499) * 1000}"
    assert outer == [
        f"http://jaeger:16686/trace/{'0' * 31}1",
        f"http://logs/?s={quote(OLD)}&{times}",
    ]


def test_its_modules_lead_to_the_calls_in_which_they_ran(web):
    (link,) = (each for each in links(page(web, OLD)) if "look_up_claim" in each)
    assert f"<code>{OLD}</code>" in web.get(f"/calls/{unescape(link)}").text


def test_calls_with_and_without_a_waterfall_lead_to_each_other(web):
    link = re.search(r'<a href="([^"]*)" rel="prev"', page(web, KEPT))[1]
    text = web.get(f"/calls/{unescape(link)}").text
    assert "<script>alert" not in text
    assert f"<dt>Session</dt><dd><code>{escape(NASTY)}</code>" in text
    after = re.search(r'<a href="([^"]*)" rel="next"', text)[1]
    assert "What happened" in web.get(f"/calls/{unescape(after)}").text


def test_without_a_start_a_link_that_needs_a_time_is_left_out(web):
    outer = [each for each in links(page(web, NASTY)) if "://" in each]
    assert outer == [f"http://jaeger:16686/trace/{'0' * 31}2"]


def test_a_call_without_a_copy_has_no_otlp(web):
    answer = web.get(f"/calls/{quote(OLD)}?format=otlp")
    assert answer.status_code == 404
