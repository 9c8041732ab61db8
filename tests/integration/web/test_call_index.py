"""The filters of ``/calls/``, its JSON and its pages, over a real socket."""

import re
from urllib.parse import quote, urljoin

import pytest
from support import http_client
from support.builders.store_values import NOW
from support.rigs.web_site import filled_store, indexed_call, links, recent_call, served, site

from fuse_otel.ports import Step

JSON = {"Accept": "application/json"}
CLAIMS, SALES = "300060;001;1529552581", "300060;002;1529552582"
FIELDS = (
    "session_id", "trace_id", "application", "version", "account", "outcome", "direction",
    "error", "start", "end", "failed_module", "error_type",
)  # fmt: skip


def fine(session_id, **changed):
    return indexed_call(recent_call(session_id, "sales", trace=2, error=False), **changed)


@pytest.fixture(scope="module")
def web():
    store = filled_store(recent_call(CLAIMS))
    there = fine(
        SALES, outcome="hangup", direction="outbound", start=NOW - 7_200, modules=("menu start",)
    )
    store.ledger.lease("other").commit(Step(at=NOW, indexed=[there]))
    with served(site(store)) as url, http_client.client(base_url=url) as client:
        yield client
    store.close()


@pytest.fixture(scope="module")
def many():
    store = filled_store()
    calls = [fine(f"call {place:03}", start=NOW - place) for place in range(205)]
    store.ledger.lease("main").commit(Step(at=NOW, indexed=calls))
    with served(site(store)) as url:
        yield url
    store.close()


def found(web, query):
    answer = web.get(f"/calls/?{query}", headers=JSON)
    assert answer.status_code == 200, answer.text
    return [call["session_id"] for call in answer.json()["calls"]]


def test_a_call_as_json_has_its_facts_by_their_names(web):
    answer = web.get("/calls/", headers=JSON)
    assert answer.headers["content-type"] == "application/json"
    found = answer.json()
    assert list(found) == ["calls", "next"]
    assert found["next"] is None
    first, second = found["calls"]
    assert tuple(first) == FIELDS
    assert first == {
        "session_id": CLAIMS,
        "trace_id": "0" * 31 + "1",
        "application": "claims line",
        "version": "0.2",
        "account": "main",
        "outcome": "transferred",
        "direction": "inbound",
        "error": True,
        "start": NOW - 95,
        "end": NOW,
        "failed_module": "rest look_up_claim",
        "error_type": "503",
    }
    assert (second["session_id"], second["account"]) == (SALES, "other")
    assert (second["failed_module"], second["error_type"]) == (None, None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [CLAIMS, SALES]),
        ("application=&error=&page=", [CLAIMS, SALES]),
        ("application=sales", [SALES]),
        ("account=main", [CLAIMS]),
        ("outcome=hangup", [SALES]),
        ("direction=inbound", [CLAIMS]),
        ("module=rest+look_up_claim", [CLAIMS]),
        ("module=look_up_claim", []),
        ("error=true", [CLAIMS]),
        ("error=false", [SALES]),
        ("from=1h", [CLAIMS]),
        ("to=1h", [SALES]),
        (f"from={NOW - 7_200}&to={NOW - 7_199}", [SALES]),
        ("q=" + quote(SALES), [SALES]),
        ("q=" + "0" * 31 + "2", [SALES]),
        ("q=nothing", []),
        ("application=sales&error=true", []),
        ("page=2", []),
    ],
)
def test_filters_choose_calls(web, query, expected):
    assert found(web, query) == expected


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("outcome=fine", 'outcome: "fine" is not one of completed, transferred, hangup, unknown.'),
        ("direction=up", 'direction: "up" is not one of inbound, outbound, unknown.'),
        ("error=yes", 'error: "yes" is not one of true, false.'),
        ("from=soon", 'from: "soon" is no time. Write 2026-11-18T09:30Z, 2026-11-18, 36h (ago) or'),
        ("to=soon", 'to: "soon" is no time.'),
        ("from=1h&to=2h", 'to: "2h" is not after from.'),
        ("page=0", 'page: "0" is not a number from 1 to 1000000.'),
        ("page=1.5", 'page: "1.5" is not a number'),
        ("page=" + "9" * 5_000, "page: "),
        ("page=%C2%B2", "page: "),
        ("app=sales", 'There is no filter "app". Use application, account, outcome,'),
        ("error=true&error=false", "error: Give it once."),
        ("outcome=%3Cscript%3E", 'outcome: "<script>" is not one of'),
    ],
)
@pytest.mark.parametrize("headers", [JSON, {}])
def test_a_wrong_query_is_a_sentence(web, query, sentence, headers):
    answer = web.get(f"/calls/?{query}", headers=headers)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith(sentence)
    assert answer.text.count("\n") == 1


def test_a_browser_gets_the_form_as_it_was_sent_with_each_mistake_beside_its_field(web):
    query = "application=%3Cb%3Esales&from=soon&to=later&outcome=fine&page=0"
    answer = web.get(f"/calls/?{query}", headers={"accept": "text/html"})
    assert answer.status_code == 400
    page = answer.text
    assert '<input name="application" value="&lt;b&gt;sales"' in page
    wrong = re.findall(
        r'name="(\w+)"[^>]* aria-invalid="true">(?:<option.*?</select>)?<span[^>]*>', page
    )
    assert wrong == ["outcome", "from", "to"]
    assert ">&quot;soon&quot; is no time. Write 2026-11-18T09:30Z" in page
    assert "<li>page: &quot;0&quot; is not a number from 1 to 1000000.</li>" in page
    assert '<a href="../calls/">Calls</a>' in page


def test_every_problem_of_a_query_is_named(web):
    answer = web.get("/calls/?outcome=fine&page=0&from=soon")
    assert answer.text.count("\n") == 3


def test_next_leads_through_all_pages_with_the_same_filter(many):
    url, seen, sizes = f"{many}/calls/?application=sales&from=1d", [], []
    while url:
        answer = http_client.get(url, headers=JSON).json()
        seen += [call["session_id"] for call in answer["calls"]]
        sizes.append(len(answer["calls"]))
        url = answer["next"]
    assert sizes == [100, 100, 5]
    assert seen == [f"call {place:03}" for place in range(205)]


@pytest.mark.parametrize(
    "header",
    ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Prefix", "X-Real-IP"],
)
def test_behind_a_proxy_next_is_relative_to_the_url_of_the_request(many, header):
    path = "/calls/?application=sales&module="
    after = http_client.get(f"{many}{path}", headers={**JSON, header: "proxy"}).json()["next"]
    assert after == "?application=sales&module=&page=2"
    outside = urljoin(f"https://example.com/phones{path}", after)
    assert outside == "https://example.com/phones/calls/?application=sales&module=&page=2"


def test_a_page_links_to_the_newer_and_the_older_calls(many):
    text = http_client.get(f"{many}/calls/?application=sales&page=2").text
    assert "Calls 101 to 200 of the last 7 days, newest first; 0 of these with an error." in text
    pages = [link for link in links(text) if link.startswith("?")]
    assert pages == ["?application=sales&amp;page=1", "?application=sales&amp;page=3"]
    last = http_client.get(f"{many}/calls/?application=sales&page=3").text
    assert [link for link in links(last) if link.startswith("?")] == [
        "?application=sales&amp;page=2"
    ]


def test_the_form_keeps_its_filters(web):
    text = web.get("/calls/?application=%22%3E%3Cscript%3E&outcome=hangup&q=a+b").text
    assert 'name="application" value="&quot;&gt;&lt;script&gt;"' in text
    assert re.search(r'<option value="hangup" selected>', text)
    assert 'name="q" value="a b"' in text
    assert "<script>" not in text
    assert "No call matches." in text


def test_the_table_names_the_module_that_failed(web):
    text = web.get("/calls/?error=true").text
    assert 'rest look_up_claim<span class="faint"> 503</span>' in text
