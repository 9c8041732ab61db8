"""The first page: what does not work on top, then accounts, lanes and counts."""

import re

import pytest
from msgspec.structs import replace
from support import http_client
from support.builders.store_values import NOW, TEMPO, accepted, body, copy_of, only, step
from support.rigs.web_site import filled_store, indexed_call, recent_call, served, site

from fuse_otel.ports import (
    SLOT,
    SLOTS,
    NumberPosition,
    ReportedState,
    Sample,
    Step,
    slot_of,
)
from fuse_otel.store import MemoryStore
from fuse_otel.views.problems import Problem

PROBLEMS = (
    Problem("account main", NOW - 600, "The API answers <503>.", NOW + 12.4),
    Problem("reload of the configuration", NOW - 60, "FUSE_OTEL_SETTLE: out of range."),
)


@pytest.fixture
def first_page():
    def get(store, **changed):
        with served(site(store, **changed)) as url:
            text = http_client.get(f"{url}/").text
        store.close()
        return text

    return get


def alarms(text):
    found = re.search(r'<ul class="problems" role="alert">.*?</ul>', text)
    return re.findall(r"<li>(.*?)</li>", found[0]) if found else []


def plain(html):
    return re.sub("<[^>]*>", "", html)


def test_a_problem_says_since_when_what_and_when_it_is_tried_again(first_page):
    store = filled_store(recent_call("a"))
    store.control.report_states(
        {"main": ReportedState("down", "The API answers <503>.")},
        {TEMPO: ReportedState("held", "401 Unauthorized")},
    )
    text = first_page(store, problems=lambda: PROBLEMS)
    assert [plain(each) for each in alarms(text)] == [
        (
            "account main: The API answers &lt;503&gt;. Since 2026-09-21 14:03:20Z, 10 min ago."
            " Next try in 12 s."
        ),
        (
            "reload of the configuration: FUSE_OTEL_SETTLE: out of range."
            " Since 2026-09-21 14:12:20Z, 1 min ago."
        ),
        "lane tempo/traces is held: 401 Unauthorized",
    ]
    assert text.index('class="problems"') < text.index("<h2>Accounts</h2>")
    assert "Everything works." not in text


def test_a_next_try_that_is_due_is_not_in_the_past(first_page):
    due = Problem("account main", NOW - 600, "The API answers 503.", NOW - 5)
    assert "Next try in 0 s." in alarms(first_page(filled_store(), problems=lambda: [due]))[0]


def test_the_last_day_is_drawn_with_a_sentence_for_each_chart(first_page):
    store = filled_store(recent_call("a"), recent_call("b", trace=2, error=False))
    store.control.add_sample(Sample(slot_of(NOW), 46, 400_000))
    text = first_page(store)
    assert re.findall(r"<figcaption>(.*?)</figcaption>", text) == [
        "2 calls, at most 0.4 a minute at 14:10Z.",
        "1 call with an error, at most 1 in 5 minutes at 14:10Z.",
        "At most 46 s at 14:10Z, last 46 s.",
        "At least 4 d 15 h at 14:10Z, last 4 d 15 h.",
    ]
    labels = re.findall(r'<svg role="img" aria-label="([^"]*)"', text)
    names = ("Calls per minute", "Errors", "Lag of reading", "Headroom")
    assert labels == [f"{name}, the last 24 hours" for name in names]
    paths = ["M287 100v-100h1v100z"] * 2 + ["M287 100v-77h1v77z", "M287 100v-93h1v93z"]
    assert re.findall(r'<path d="([^"]*)"', text) == paths
    assert "style=" not in text


def test_before_the_first_call_the_charts_are_empty(first_page):
    text = first_page(MemoryStore(capacity=1_000_000))
    assert re.findall(r'<path d="([^"]*)"', text) == [""] * 4


def test_the_charts_of_a_busy_day_take_a_few_kilobytes(first_page):
    store = MemoryStore(capacity=10_000_000)
    for place in range(SLOTS):
        at = slot_of(NOW) - (SLOTS - 1 - place) * SLOT
        store.control.add_sample(Sample(at, 20 + place % 7, 430_000 - place % 5))
    calls = [
        indexed_call(recent_call(f"{place}"), start=NOW - place * 60) for place in range(1_440)
    ]
    store.ledger.lease("main").commit(Step(at=NOW, indexed=calls))
    assert sum(map(len, re.findall(r'<path d="([^"]*)"', first_page(store)))) < 20_000


LOW_HEADROOM = "account main: Plum deletes the log of its oldest unread call in 2 d."


@pytest.fixture
def behind():
    """A store whose account was last read three days ago."""
    store = MemoryStore(capacity=1_000_000)
    positions = {"": NumberPosition(NOW - 3 * 86_400, 0)}
    store.ledger.lease("main").commit(Step(at=NOW, positions=positions))
    return store


def test_an_account_that_runs_out_of_time_is_a_problem(first_page, behind):
    assert alarms(first_page(behind)) == [LOW_HEADROOM]


def test_an_account_that_does_not_work_and_runs_out_of_time_has_both_problems(first_page, behind):
    known, reload, headroom = alarms(first_page(behind, problems=lambda: PROBLEMS))
    assert plain(known).startswith("account main: The API answers &lt;503&gt;. Since")
    assert plain(reload).startswith("reload of the configuration: ")
    assert headroom == LOW_HEADROOM


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (799_999, []),
        (800_000, ["The outbox is almost full: 781.2 KiB of 976.6 KiB (80%)."]),
    ],
)
def test_an_outbox_that_is_almost_full_is_a_problem(first_page, size, expected):
    store = MemoryStore(capacity=1_000_000)
    store.ledger.lease("main").commit(step(body("a", data=bytes(size))))
    text = first_page(store)
    assert alarms(text) == expected
    assert ("Everything works." in text) is (not expected)


@pytest.mark.parametrize(
    ("ids", "expected"), [(["a"], "1 call is parked."), (["a", "b"], "2 calls are parked.")]
)
def test_parked_calls_are_a_problem(first_page, ids, expected):
    store = MemoryStore(capacity=1_000_000)
    store.ledger.lease("main").commit(step(body(*ids)))
    batch = only(store)
    copies = tuple(copy_of(call) for call in batch.calls)
    store.outbox.resolve(TEMPO, [replace(accepted(batch), parked=copies)], NOW)
    text = first_page(store)
    assert alarms(text) == [expected]
    assert "Everything works." not in text


def test_without_a_problem_the_page_says_so_and_shows_where_everything_stands(first_page):
    text = first_page(filled_store(recent_call("a")))
    assert alarms(text) == []
    assert "Everything works." in text
    for expected in ("<h2>Accounts</h2>", "<h2>Lanes</h2>", "4 d 22 h", "tempo/traces", "<meter"):
        assert expected in text, expected


def test_the_page_refreshes_itself_with_and_without_a_script(first_page):
    text = first_page(filled_store())
    assert '<noscript><meta http-equiv="refresh" content="15"></noscript>' in text
    assert '<body data-refresh="15">' in text


def test_a_paused_lane_is_on_top_and_what_its_destination_answers_is_not(first_page):
    store = filled_store(recent_call("a"))
    store.control.report_states({}, {TEMPO: ReportedState("down", "HTTP status 503")})
    store.control.pause([TEMPO], NOW - 7200)
    waiting = {each.lane: each.calls for each in store.control.status().lanes}[TEMPO]
    text = first_page(store)
    calls = "1 call waits" if waiting == 1 else f"{waiting} calls wait"
    assert f"lane tempo/traces is paused for 2 h: {calls}." in alarms(text)
    assert "HTTP status 503" not in text
    assert "paused 2 h" in plain(text[text.index("<h2>Lanes</h2>") :])


def test_a_paused_lane_does_not_make_the_daemon_unready():
    store = filled_store(recent_call("a"))
    with served(site(store, paused=lambda: ["lane tempo/traces is paused."])) as url:
        answer = http_client.get(f"{url}/-/ready")
    store.close()
    assert (answer.status_code, answer.text) == (200, "Ready.\nlane tempo/traces is paused.\n")
