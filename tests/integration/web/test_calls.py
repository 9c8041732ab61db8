"""The table of calls and the waterfall of one, over a real socket."""

import json
import re
from urllib.parse import quote

import pytest
from support import http_client
from support.builders.store_values import NOW
from support.rigs.web_site import filled_store, indexed_call, links, recent_call, served, site

from fuse_otel.core.encoding import otlp_json
from fuse_otel.ports import Step

PLAIN_ID = "300060;001;1529552581"
NASTY_ID = '<script>alert(1)</script>/../x;"&?#%41'
CALLS = (recent_call(PLAIN_ID), recent_call(NASTY_ID, "evil <b>app</b>", trace=2))


@pytest.fixture(scope="module")
def web():
    store = filled_store(*CALLS)
    with served(site(store)) as url, http_client.client(base_url=url) as client:
        yield client
    store.close()


def test_calls_are_listed_and_nothing_of_them_is_markup(web):
    text = web.get("/calls/").text
    assert "Calls 1 to 2 of the last 7 days, newest first; 2 of these with an error." in text
    assert "claims line" in text
    assert "evil &lt;b&gt;app&lt;/b&gt;" in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_the_account_is_shown_where_there_are_several(web):
    assert ">Account</th>" not in web.get("/calls/").text
    store = filled_store(recent_call("a"))
    there = [indexed_call(recent_call("b", start=NOW - 300))]
    store.ledger.lease("sales").commit(Step(at=NOW, indexed=there))
    with served(site(store)) as url:
        text = http_client.get(f"{url}/calls/").text
    store.close()
    assert ">Account</th>" in text
    assert re.findall(r"<td[^>]*>(sales|main)</td>", text) == ["main", "sales"]


def test_a_call_with_a_nasty_id_is_reached_by_its_link(web):
    link = next(each for each in links(web.get("/calls/").text) if "script" in each)
    assert "/" not in link
    answer = web.get(f"/calls/{link}")
    assert answer.status_code == 200
    assert "&lt;script&gt;alert(1)&lt;/script&gt;/../x;&quot;&amp;?#%41" in answer.text


@pytest.mark.parametrize("form", ["", "?format=otlp"])
def test_a_damaged_copy_of_a_call_is_a_sentence(form):
    store = filled_store(recent_call(PLAIN_ID, traces=b"\xaa\xbb\xcc\xdd\xee\xff"))
    with served(site(store)) as url:
        answer = http_client.get(f"{url}/calls/{quote(PLAIN_ID)}{form}")
    store.close()
    assert (answer.status_code, answer.text) == (
        404,
        "The stored copy of this call is damaged; a back end may have it.\n",
    )


def test_a_call_is_a_waterfall(web):
    text = web.get("/calls/300060%3B001%3B1529552581").text
    names = re.findall(r'<span class="name">([^<]*)</span>', text)
    assert names == [
        "start start", "prompt greeting", "menu main_menu", "number claim_number",
        "rest look_up_claim", "prompt sorry", "transfer to_agent", "exit hangup",
    ]  # fmt: skip
    bars = [
        (int(x), int(width))
        for x, width in re.findall(r'<rect x="(\d+)" y="0" width="(\d+)"', text)
    ]
    assert bars[0] == (0, 10)
    assert bars[4] == (505, 126)
    assert all(x + width <= 1000 and width > 0 for x, width in bars)
    assert bars == sorted(bars)


def test_an_error_stands_out_and_is_open(web):
    text = web.get("/calls/300060%3B001%3B1529552581").text
    failed = text[text.index('<li class="failed">') :]
    assert failed.startswith('<li class="failed"><details open><summary>')
    assert "look_up_claim" in failed[:120]
    assert "error: HTTP status 503" in failed
    assert text.count("<details open>") == 1
    assert text.count('class="bar remote"') == 2


def test_attributes_and_ids_are_there(web):
    text = web.get("/calls/300060%3B001%3B1529552581").text
    for expected in ("fuse.module.result_variable", "service.version", "0" * 31 + "1", PLAIN_ID):
        assert expected in text
    assert "<code>fuse.truncated</code></td><td>true</td>" in text
    assert "<code>fuse.tags</code></td><td>one, two</td>" in text


def test_a_call_is_there_as_otlp_json(web):
    answer = web.get("/calls/300060%3B001%3B1529552581?format=otlp")
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines == [
        otlp_json.traces_json(CALLS[0].traces), otlp_json.logs_json(CALLS[0].logs),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"details": "none"}, "Nothing was logged for this call."),
        ({"details": "expired"}, "The log of this call had expired when it was read."),
        ({"details": "missing"}, "The API did not return this call&#x27;s log."),
        ({}, "No execution of a module is known."),
    ],
)
def test_a_call_without_executions_says_why(changes, said):
    store = filled_store(recent_call("a", executions=0, **changes))
    with served(site(store)) as url:
        assert said in http_client.get(f"{url}/calls/a").text
        listed = http_client.get(f"{url}/calls/").text
        assert all(f"({details})" in listed for details in changes.values())
    store.close()


def test_a_call_of_which_nothing_was_kept_says_so():
    store = filled_store(recent_call("a", traces=b"", logs=b""))
    with served(site(store)) as url:
        assert http_client.get(f"{url}/calls/a").text == "Nothing of this call is kept to draw.\n"
        assert http_client.get(f"{url}/calls/a?format=otlp").text == ""
    store.close()


def test_a_call_without_times_is_drawn_without_inventing_any():
    store = filled_store(recent_call("a", start=None, end=None))
    with served(site(store)) as url:
        assert "\N{EN DASH}" in http_client.get(f"{url}/calls/").text
    store.close()
