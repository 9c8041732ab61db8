"""The pages over a real socket, out of a real store."""

import re
from contextlib import closing

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from support import http_client
from support.builders.store_values import NOW, TEMPO
from support.rigs.web_site import filled_store, indexed_call, links, recent_call, served, site

from fuse_otel.errors import Broken
from fuse_otel.ports import Gap, GapReason, Job, NumberPosition, ReportedState, Step
from fuse_otel.store import MemoryStore

PLAIN_ID = "300060;001;1529552581"
NASTY_ID = '<script>alert(1)</script>/../x;"&?#%41'
CALLS = (recent_call(PLAIN_ID), recent_call(NASTY_ID, "evil <b>app</b>", trace=2))


@pytest.fixture(scope="module")
def store():
    filled = filled_store(*CALLS)
    yield filled
    filled.close()


@pytest.fixture(scope="module")
def web(store):
    given = site(
        store,
        readiness=lambda: ["The lane tempo/traces is down: <401>."],
    )
    with served(given) as url, http_client.client(base_url=url) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/status", "/calls/", "/calls/300060%3B001%3B1529552581"])
def test_a_page_is_whole_and_brings_nothing_from_elsewhere(web, path):
    answer = web.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<!doctype html>")
    assert answer.text.endswith("</html>")
    rest, scripts = re.subn(r'<script src="(?:\.\./)?page\.js" defer></script>', "", answer.text)
    assert scripts == 1
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|https?://|//", rest.lower())


@pytest.mark.parametrize("path", ["/", "/status", "/calls/", "/calls/300060%3B001%3B1529552581"])
def test_every_link_of_a_page_leads_somewhere(web, path):
    found = links(web.get(path).text)
    assert len(found) > 5
    for link in found:
        assert not link.startswith("/"), "a proxy may serve the pages below a path of its own"
        target = web.base_url.join(path).join(link.replace("&amp;", "&"))
        assert web.get(target).status_code in {200, 503}, link


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"), ("GET", "/status?format=json"), ("GET", "/metrics"), ("GET", "/nowhere"),
        ("GET", "/-/ready"), ("GET", "/-/reload"), ("POST", "/hooks/post-call"),
        ("GET", "/style.css"),
    ],
)  # fmt: skip
def test_every_answer_forbids_what_no_page_needs(web, method, path):
    headers = web.request(method, path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    of_a_page = headers.get("content-type", "").startswith("text/html")
    assert re.findall(r"script-src ([^;]*)", policy) == ["'self'"] * of_a_page
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


@pytest.mark.parametrize(
    ("path", "title"),
    [("/", "fuse-otel"), ("/status", "Status · fuse-otel"), ("/calls/", "Calls · fuse-otel")],
)
def test_a_page_is_called_by_what_it_shows(web, path, title):
    assert f"<title>{title}</title>" in web.get(path).text


def test_the_landing_page_says_what_this_is_and_what_is_wrong(web):
    text = web.get("/").text
    assert "Every call of a Plum Fuse phone application" in text
    assert "The lane tempo/traces is down: &lt;401&gt;." in text
    assert "1.2.3" in text


def test_the_status_page_shows_where_everything_stands(web):
    text = web.get("/status").text
    for expected in (
        "main", "4 d 22 h", "…0100", "8 h 23 min in 2 gaps", "error", "history",
        "jaeger/traces", "loki/logs", "tempo/traces", "of 9.5 MiB",
    ):  # fmt: skip
        assert expected in text, expected
    assert "5550100" not in text


@pytest.mark.parametrize(
    ("path", "accept"), [("/status?format=json", "*/*"), ("/status", "application/json")]
)
def test_the_status_is_there_for_programs(web, path, accept):
    answer = web.get(path, headers={"Accept": accept})
    status = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert status["problems"] == ["The lane tempo/traces is down: <401>."]
    account = status["accounts"][0]
    assert account["headroom_seconds"] == 5 * 86_400 - 7200
    assert account["pending"] == 1
    assert {each["number"] for each in account["numbers"]} == {None, "…0100"}
    assert {gap["reason"] for gap in account["gaps"]} == {"error", "history"}
    assert {(lane["destination"], lane["calls"]) for lane in status["lanes"]} == {
        ("tempo", 2), ("jaeger", 2), ("loki", 2),
    }  # fmt: skip
    assert status["outbox"]["capacity_bytes"] == 10_000_000
    assert "5550100" not in answer.text


def test_the_status_shows_states_jobs_and_what_was_given_up():
    store = filled_store()
    control = store.control
    lost = Gap("", NOW - 500_000, NOW - 499_000, GapReason.ERROR)
    store.ledger.lease("main").commit(Step(at=NOW, given_up=[lost]))
    control.report_states(
        {"main": ReportedState("up")}, {TEMPO: ReportedState("held", "401 <Unauthorized>")}
    )
    control.add_job(Job("backfill", '{"start": 1}'), NOW)
    with served(site(store)) as url:
        text = http_client.get(f"{url}/status").text
        told = http_client.get(f"{url}/status?format=json").json()
    for expected in (
        "held: 401 &lt;Unauthorized&gt;", "Intervals given up", "Jobs",
        "backfill", "waiting",
    ):  # fmt: skip
        assert expected in text, expected
    assert told["accounts"][0]["unreadable"][0]["closed_at"] == NOW
    assert told["orders"][0]["arguments"] == {"start": 1}
    states = {lane["destination"]: lane["state"] for lane in told["lanes"]}
    assert states == {"tempo": "held", "jaeger": None, "loki": None}
    store.close()


def test_a_browser_gets_the_page(web):
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    assert web.get("/status", headers={"Accept": accept}).text.startswith("<!doctype html>")


def test_the_headroom_of_an_account_without_gaps_is_its_oldest_cursor():
    store = MemoryStore(capacity=1000)
    lease = store.ledger.lease("quiet")
    positions = {"": NumberPosition(NOW - 30, 0), "8005550100": NumberPosition(NOW - 90_000, 0)}
    lease.commit(Step(at=NOW, positions=positions))
    with served(site(store)) as url:
        status = http_client.get(f"{url}/status?format=json").json()
        assert status["accounts"][0]["headroom_seconds"] == 5 * 86_400 - 90_000
        assert "no gap" not in http_client.get(f"{url}/status").text
    store.close()


def test_an_empty_store_says_so_and_claims_nothing():
    store = MemoryStore(capacity=1000)
    with served(site(store)) as url:
        assert "No account was read yet." in http_client.get(f"{url}/status").text
        assert "No call was stored yet." in http_client.get(f"{url}/calls/").text
        assert http_client.get(f"{url}/").status_code == 200
    store.close()


@pytest.mark.parametrize(
    ("method", "path", "code", "sentence"),
    [
        ("GET", "/nowhere", 404, "There is no such page."),
        ("GET", "/calls/unknown", 404, "This call is not among those stored last"),
        ("POST", "/status", 405, "This page does not take that method."),
        ("GET", "/-/reload", 405, "This page does not take that method."),
        ("PATCH", "/hooks/post-call", 405, "This page does not take that method."),
    ],
)
def test_an_error_is_a_plain_sentence(web, method, path, code, sentence):
    answer = web.request(method, path)
    assert answer.status_code == code
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.startswith(sentence)
    assert answer.text.count("\n") == 1


def test_the_method_that_is_taken_is_named(web):
    assert web.get("/-/reload").headers["allow"] == "POST"


def test_metrics_come_in_the_requested_format(web):
    accept = "application/openmetrics-text; version=1.0.0"
    answer = web.get("/metrics", headers={"Accept": accept})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    found = {family.name: family for family in text_string_to_metric_families(answer.text)}
    waiting = {
        (each.labels["destination"], each.value) for each in found["fuse_otel_outbox_calls"].samples
    }
    assert waiting == {("tempo", 2.0), ("jaeger", 2.0), ("loki", 2.0)}
    assert web.get("/metrics").headers["content-type"].startswith("text/plain; version=0.0.4")


def test_a_store_that_fails_takes_its_pages_and_no_more():
    store = filled_store(*CALLS)

    class Failing:
        def status(self):
            raise Broken("disk I/O error at /var/lib/secret")

        recent = recent_call = calls = lambda self, *_: self.status()

    with served(site(store, control=Failing(), calls=Failing())) as url:
        for path in ("/", "/status", "/calls/", "/calls/a"):
            answer = http_client.get(url + path)
            assert (answer.status_code, answer.text) == (
                503, "The store cannot be read at the moment.\n",
            )  # fmt: skip
        assert http_client.get(f"{url}/-/healthy").status_code == 200
        assert http_client.get(f"{url}/metrics").status_code == 200
    store.close()


def test_a_page_that_fails_quotes_nothing(caplog):
    def fail(_accept):
        raise RuntimeError("the caller keyed 1234")

    store = MemoryStore(capacity=1000)
    with served(site(store, metrics=fail)) as url:
        answer = http_client.get(f"{url}/metrics")
        assert answer.status_code == 500
        assert answer.text == "This page failed. The log of the daemon names the error.\n"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert http_client.get(f"{url}/-/healthy").status_code == 200
    assert "Exception in ASGI application" in caplog.text
    store.close()


def test_heads_and_marks_say_what_they_mean(web):
    status, calls = web.get("/status").text, web.get("/calls/").text
    heads = re.findall(r'<th [^>]*title="[^"]+"[^>]*>([^<]+)</th>', status + calls)
    assert {"Headroom", "Read up to", "Pending", "To read", "Lane", "Failed in"} <= set(heads)
    assert 'class="mark" title="An entry of this call is an error.' in calls


def test_an_error_without_a_type_of_its_own_is_named_in_words():
    other = indexed_call(CALLS[0], error_type="_OTHER")
    with closing(filled_store()) as store:
        store.ledger.lease("main").commit(Step(at=NOW, indexed=[other]))
        with served(site(store)) as url:
            shown = http_client.get(f"{url}/calls/", headers={"accept": "text/html"}).text
            listed = http_client.get(f"{url}/calls/", headers={"accept": "application/json"})
    assert "other error" in shown
    assert "_OTHER" not in shown
    assert [call["error_type"] for call in listed.json()["calls"]] == ["_OTHER"]


def test_every_cell_of_a_wide_table_has_the_name_of_its_column(web):
    text = web.get("/calls/").text
    heads = re.findall(r"<th[^>]*>([^<]*)</th>", text)
    labels = re.findall(r'<td[^>]* data-label="([^"]*)"', text)
    assert labels == heads * len(CALLS)
