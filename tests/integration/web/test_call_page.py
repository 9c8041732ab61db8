"""What the page of a call offers: its neighbours, its account, the axis, parts and times."""

import re
from html import unescape

import pytest
from support import http_client
from support.builders.store_values import NOW, step
from support.oracle.telemetry import LogRecord
from support.oracle.writer import encode_logs
from support.rigs.web_site import (
    START,
    filled_store,
    links,
    recent_call,
    served,
    site,
    telemetry,
)

from fuse_otel.core.model.telemetry import Profile
from fuse_otel.store import MemoryStore

FIRST, MIDDLE, LAST = "300060;001;1", 'a/../"b', "300060;003;3"
HOSTILE = "\N{RIGHT-TO-LEFT OVERRIDE}</h1><script>alert(1)</script>" + "x" * 10_000


@pytest.fixture(scope="module")
def web():
    store = filled_store(
        *(recent_call(each, trace=n, account="sales") for n, each in enumerate((FIRST, MIDDLE), 1)),
        recent_call(LAST, HOSTILE, trace=3),
    )
    with served(site(store)) as url, http_client.client(base_url=url) as client:
        yield client
    store.close()


def call(web, session_id, query=""):
    """The page of a call, reached from the list of calls."""
    order = [LAST, MIDDLE, FIRST]
    listed = links(re.search(r"<tbody>.*</tbody>", web.get("/calls/").text, re.DOTALL)[0])
    return web.get(f"/calls/{listed[order.index(session_id)]}{query}").text


def test_a_call_leads_to_the_calls_before_and_after_it(web):
    assert re.findall(r'rel="(prev|next)"', call(web, FIRST)) == ["next"]
    assert re.findall(r'rel="(prev|next)"', call(web, LAST)) == ["prev"]
    middle = call(web, MIDDLE)
    beside = dict(re.findall(r'<a href="([^"]*)" rel="(prev|next)"', middle))
    for link, rel in beside.items():
        text = web.get(f"/calls/{unescape(link)}").text
        assert f"<code>{FIRST if rel == 'prev' else LAST}</code>" in text
    assert len(beside) == 2


def test_the_calls_before_and_after_are_shown_as_this_one(web):
    middle = call(web, MIDDLE, "?open=all&times=utc")
    beside = re.findall(r'<a href="([^"]*)" rel="(?:prev|next)"', middle)
    assert len(beside) == 2
    for link in beside:
        text = web.get(f"/calls/{unescape(link)}").text
        assert text.count("<details open>") == 8
        assert ">14:12:33</time>" in text


def test_a_call_says_whose_it_is(web):
    assert "<dt>Account</dt><dd>sales</dd>" in call(web, FIRST)
    assert "<dt>Account</dt>" not in call(web, LAST)


def test_the_axis_has_round_times_where_the_bars_have_them(web):
    marks = re.findall(r'<text x="([\d.]+)%" y="60%" text-anchor="\w+">([^<]*)', call(web, FIRST))
    assert marks == [("0.00", "0:00"), ("31.58", "0:30"), ("63.16", "1:00"), ("94.74", "1:30")]


@pytest.mark.parametrize(
    ("query", "opened"), [("", 1), ("?open=all", 8), ("?open=none", 0), ("?open=<b>", 1)]
)
def test_all_parts_open_and_close_without_a_script(web, query, opened):
    assert call(web, FIRST, query).count("<details open>") == opened


def test_times_are_those_of_the_day_on_request(web):
    plain, utc = call(web, FIRST), call(web, FIRST, "?times=utc")
    assert '<time datetime="2026-09-21T14:12:33Z" class="faint">0:48</time>' in plain
    assert '<time datetime="2026-09-21T14:12:33Z" class="faint">14:12:33</time>' in utc
    for text, other in ((plain, "utc"), (utc, "offset")):
        assert f'href="?open=failed&amp;times={other}"' in text
    assert '?open=all&amp;times=utc"' in utc


def test_a_hostile_name_is_text(web):
    for text in (call(web, LAST), web.get("/calls/").text):
        assert "<script>alert" not in text
        assert "&lt;/h1&gt;&lt;script&gt;" in text
        assert "x" * 500 in text


def test_a_call_without_times_has_no_axis_and_no_date():
    store = filled_store(recent_call("a", executions=0, start=NOW, end=NOW))
    with served(site(store)) as url:
        text = http_client.get(f"{url}/calls/a").text
    store.close()
    assert "<svg" not in text


def test_a_call_of_ten_thousand_entries_is_one_page_with_all_of_them():
    made = telemetry("big")
    made.records = [
        LogRecord(
            time=START * 10**9 + n * 1000,
            span_id=2 + n % len(made.spans[1:]),
            severity_number=9,
            severity_text="INFO",
            body=f"entry {n}.",
            attributes={"log.record.uid": f"1-{n}"},
        )
        for n in range(10_000)
    ]
    logs = encode_logs(made, Profile.GENERIC, "")
    store = MemoryStore(capacity=100_000_000)
    store.ledger.lease("main").commit(step(recent=[recent_call("big", logs=logs)]))
    with served(site(store)) as url:
        text = http_client.get(f"{url}/calls/big").text
    store.close()
    assert text.count(">entry ") == 10_000
    assert len(text) < 250 * 10_000
