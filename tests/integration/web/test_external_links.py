"""Links from the page of a call to other programs, over a real socket."""

from html import unescape

import pytest
from support import http_client
from support.builders.store_values import NOW
from support.rigs.web_site import START, filled_store, links, recent_call, served, site

from fuse_otel.web.call_head import LinkTemplates

NASTY_ID = '"><script>alert(1)</script>{trace_id}'
TRACE_ID = "0" * 31 + "1"


@pytest.fixture
def page():
    """The page of a call with these templates."""

    def get(call, **templates):
        store = filled_store(call)
        with served(site(store, links=LinkTemplates(**templates))) as url:
            path = links(http_client.get(f"{url}/calls/").text)[-1]
            text = http_client.get(f"{url}/calls/{path}").text
        store.close()
        return text

    return get


def outer(text):
    return [unescape(each) for each in links(text) if "://" in each]


def test_a_call_links_to_its_trace_and_its_logs(page):
    text = page(
        recent_call("300060;001;1529552581"),
        trace="http://jaeger:16686/trace/{trace_id}",
        logs="https://logs.example.com/?s={session_id}&from={start_ms}&to={end_ms}",
    )
    assert outer(text) == [
        f"http://jaeger:16686/trace/{TRACE_ID}",
        (
            "https://logs.example.com/?s=300060%3B001%3B1529552581"
            f"&from={START * 1000}&to={NOW * 1000}"
        ),
    ]
    assert text.count('rel="noreferrer"') == 2
    assert ">Open the trace at jaeger</a>" in text
    assert ">Open the logs at logs.example.com</a>" in text


def test_without_templates_there_are_no_links(page):
    assert outer(page(recent_call("a"))) == []


def test_a_hostile_session_id_stays_inside_its_value(page):
    text = page(recent_call(NASTY_ID), logs="http://logs/{session_id}")
    (url,) = outer(text)
    assert url.startswith("http://logs/%22%3E%3Cscript%3E")
    assert url.endswith("%7Btrace_id%7D")
    assert "<script>alert" not in text
