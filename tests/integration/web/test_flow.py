"""The pages of the call flows: pictures, filters, and the same as JSON."""

import threading
from contextlib import closing, contextmanager
from html.parser import HTMLParser

import pytest
from support import http_client
from support.builders.flow_values import runs, stepping_call
from support.builders.store_values import NOW, seen, step
from support.rigs import browser
from support.rigs.web_site import links, served, site

from fuse_otel.store import MemoryStore
from fuse_otel.views.flow import flow_json
from fuse_otel.web import flow
from fuse_otel.web.flow import flow_path

JSON = {"accept": "application/json"}
HTML = {"accept": "text/html"}
STEPS = runs("start start", "menu main?", "rest look_up!", "exit end")


@contextmanager
def client_of(*calls):
    with closing(MemoryStore(1 << 30)) as store:
        rows = [seen(call.session_id) for call in calls]
        store.ledger.lease("main").commit(step(seen=rows, indexed=calls))
        with served(site(store)) as url, http_client.client(base_url=url) as client:
            yield client


@pytest.fixture(scope="module")
def client():
    with client_of(
        stepping_call("1;1;1", STEPS[:2]),
        stepping_call("1;1;2", STEPS, outcome="completed"),
        stepping_call("1;1;3", STEPS, outcome="completed", version="9", start=NOW - 90_000),
        stepping_call("1;1;4", STEPS[:1], application="other/line"),
    ) as client:
        yield client


def test_json_has_the_sums_of_the_calls_that_match(client):
    made = client.get("/flow/claims line", headers=JSON).json()
    assert (made["application"], made["calls"]) == ("claims line", 3)
    assert made["nodes"][1] == {
        "module_type": "menu", "module": "main", "executions": 3, "lost": 1, "errors": 0,
        "median_seconds": 1.0,
    }  # fmt: skip
    assert {"from": "menu main", "to": "rest look_up", "count": 2} in made["edges"]


@pytest.mark.parametrize(
    ("query", "calls"),
    [
        ("from=1h", 2),
        ("to=1h", 1),
        (f"from={NOW - 100_000}&to={NOW - 80_000}", 1),
        ("version=9", 1),
        ("account=main&outcome=hangup", 1),
        ("account=unknown", 0),
    ],
)
def test_filters_are_those_of_the_documentation(client, query, calls):
    assert client.get(f"/flow/claims%20line?{query}", headers=JSON).json()["calls"] == calls


def test_two_versions_are_compared(client):
    made = client.get("/flow/claims line?version=9&compare_version=0.2", headers=JSON).json()
    assert (made["calls"], made["compared"]["calls"]) == (1, 2)
    page = client.get("/flow/claims line?version=9&compare_version=0.2", headers=HTML).text
    assert "50 % → 100 %" in page
    assert 'class="module more"' in page


def test_two_ranges_are_compared(client):
    made = client.get("/flow/claims line?from=1h&compare_to=1h", headers=JSON).json()
    assert (made["calls"], made["compared"]["calls"]) == (2, 1)


def test_the_picture_has_each_module_with_a_way_to_its_calls(client):
    page = client.get("/flow/claims line?outcome=hangup&from=1h", headers=HTML).text
    assert "<svg" in page
    (menu,) = {link for link in links(page) if "menu" in link}
    assert menu == (
        "../calls/?application=claims+line&amp;outcome=hangup&amp;from=1789995600"
        "&amp;module=menu+main"
    )
    found = client.get(menu.replace("&amp;", "&").removeprefix(".."), headers=JSON).json()
    assert [call["session_id"] for call in found["calls"]] == ["1;1;1"]
    assert "1 lost (100 %)" in page


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ("from=36h&to=1h", NOW - 36 * 3_600 - 800, NOW - 3_600 + 2_800),
        ("from=1700000000", 1_699_920_000, None),
        ("from=500000h", 0, None),
    ],
)
def test_a_link_has_the_hours_and_days_that_were_counted(client, query, first, last):
    page = client.get(f"/flow/claims line?{query}", headers=HTML).text
    link = next(link for link in links(page) if "menu" in link).replace("&amp;", "&")
    assert f"&from={first}&" in link
    assert ("to=" in link, f"&to={last}&" in link) == (last is not None,) * 2
    assert client.get(link.removeprefix(".."), headers=JSON).status_code == 200


def test_a_module_of_the_compared_calls_alone_leads_to_them(client):
    query = "to=2000h&compare_from=500000h"
    page = client.get(f"/flow/claims line?{query}", headers=HTML).text
    (menu,) = {link for link in links(page) if "menu" in link}
    assert "&amp;from=0&amp;" in menu
    assert '<option value="menu main">' in page


def test_many_modules_together_have_no_link_and_no_line_to_themselves():
    steps = runs("start start", "#other# #other#", "#other# #other#")
    with client_of(stepping_call("1;1;1", steps)) as client:
        page = client.get("/flow/claims line", headers=HTML).text
    assert {link for link in links(page) if "module=" in link} == {
        "../calls/?application=claims+line&amp;module=start+start"
    }
    assert "#other# #other#" in page
    assert page.count('class="step"') == 1
    assert "Not drawn: 1 step from a module to itself." in page
    assert "below 1 %" not in page


def test_json_is_built_beside_the_loop_that_serves_all_requests(client, monkeypatch):
    threads = []

    def built(found):
        threads.append(threading.current_thread().name)
        return flow_json(found)

    monkeypatch.setattr(flow, "flow_json", built)
    assert client.get("/flow/claims line", headers=JSON).json()["calls"] == 3
    assert [name.startswith("web-page") for name in threads] == [True]


def test_a_module_is_found_by_a_part_of_its_name(client):
    page = client.get("/flow/claims line?find=LOOK", headers=HTML).text
    assert page.count('class="module found"') == 1
    assert "1 drawn module" in page
    assert "find" not in next(link for link in links(page) if "format=json" in link)


def test_the_calls_of_an_application_lead_to_its_flow(client):
    there = "../flow/claims%20line"
    page = client.get("/calls/?application=claims line", headers=HTML).text
    assert there in links(page)
    assert there not in links(client.get("/calls/", headers=HTML).text)


def test_the_applications_are_listed(client):
    page = client.get("/flow/", headers=HTML).text
    assert {"claims%20line", "other%2Fline"} <= set(links(page))
    assert client.get("/flow/other%2Fline", headers=JSON).json()["calls"] == 1


def test_an_unknown_application_is_not_found(client):
    assert client.get("/flow/unknown", headers=JSON).status_code == 404
    answer = client.get("/flow/unknown", headers=HTML)
    assert answer.status_code == 404
    assert "../calls/" in links(answer.text)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("form=1h", 'There is no filter "form".'),
        ("from=x", 'from: "x" is no time.'),
        ("version=1&version=2", "version: Give it once."),
        ("outcome=lost", 'outcome: "lost" is not one of'),
    ],
)
def test_a_wrong_query_is_refused_with_a_sentence(client, query, sentence):
    answer = client.get(f"/flow/claims line?{query}")
    assert answer.status_code == 400
    assert answer.text.startswith(sentence)


def test_a_browser_gets_the_form_as_it_was_sent_with_each_mistake_beside_its_field(client):
    url = "/flow/claims line?find=menu&compare_from=1h&compare_to=2h&form=1h"
    answer = client.get(url, headers=HTML)
    assert answer.status_code == 400
    assert 'value="menu"' in answer.text
    assert ">&quot;2h&quot; is not after compare_from.<" in answer.text
    assert "<li>There is no filter &quot;form&quot;." in answer.text
    assert '<option value="0.2">' in answer.text


def test_a_flow_without_calls_has_no_picture(client):
    page = client.get("/flow/claims line?version=5", headers=HTML).text
    assert '<svg xmlns="http://www.w3.org/2000/svg" class="flow"' not in page
    assert "No call matches." in page


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", '"><img src=x onerror=y>', "&amp;", "\x00\x1b", "a/b?c#d"]
)
def test_hostile_names_are_text(name):
    steps = runs("start start", f"menu {name}")
    call = stepping_call("1;1;1", steps, application=name, version=name)
    with client_of(call) as client:
        assert flow_path(name) in links(client.get("/flow/", headers=HTML).text)
        path = flow_path(name)
        page = client.get(f"/flow/{path}?find={path}", headers=HTML)
        assert page.status_code == 200
        tags = Tags()
        tags.feed(page.text)
        assert "img" not in {tag for tag, _ in tags.found}
        assert [attrs["src"] for tag, attrs in tags.found if tag == "script"] == ["../page.js"]
        assert not any(key.startswith("on") for _, attrs in tags.found for key in attrs)


def test_long_names_are_cut_in_the_picture():
    steps = runs("start start", f"menu {'n' * 500}")
    with client_of(stepping_call("1;1;1", steps)) as client:
        page = client.get("/flow/claims line", headers=HTML).text
        assert f">{'n' * 26}…<" in page


def test_a_flow_of_three_hundred_modules_is_drawn():
    steps = runs(*(f"prompt p{number}" for number in range(300)), "prompt p0", "prompt p150")
    with client_of(stepping_call("1;1;1", steps)) as client:
        page = client.get("/flow/claims line", headers=HTML).text
        assert page.count('class="module"') == 300
        assert 'class="step back"' in page


def test_the_page_says_what_had_no_room():
    steps = runs(*(f"prompt p{number}" for number in range(310)))
    with client_of(stepping_call("1;1;1", steps)) as client:
        page = client.get("/flow/claims line", headers=HTML).text
        assert "Not drawn: the rarest 10 modules and 10 steps." in page


@pytest.mark.skipif(browser.PROGRAM is None, reason="needs Debian's chromium")
def test_a_browser_draws_the_picture_without_a_complaint(tmp_path):
    nasty = runs("start start", "menu </text><script>document.title='run'</script>")
    with client_of(stepping_call("1;1;1", STEPS), stepping_call("1;1;2", nasty)) as client:
        page = browser.load(f"{client.base_url}/flow/claims%20line?find=menu", tmp_path)
    assert not page.complaints
    assert page.dom.count('class="module found"') == 2
    assert "<title>claims line · fuse-otel</title>" in page.dom
