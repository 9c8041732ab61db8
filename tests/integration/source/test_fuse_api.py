"""The source against real sockets: what it asks, what it makes of answers, what it tells."""

import base64
import gzip
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from urllib.parse import unquote

import pytest
from support.fakes.raw_http import always, answer
from support.rigs.source_rig import CALLS, EMAIL, ENTRIES, EXPIRED, GENEROUS, KEY, NOW, source_rig

from fuse_otel.core.model.call import EXPIRED_LOG, MISSING_LOG, CallLog, LogState
from fuse_otel.errors import (
    Unreachable,
)
from fuse_otel.events import AnomaliesSeen, ApiAnswered, ApiFailed, ClockSkewSeen
from fuse_otel.ports import Source
from fuse_otel.simulator.responses import to_xml
from fuse_otel.source import ApiOptions, FuseApi

pytestmark = pytest.mark.usefixtures("no_proxy")


# --- what is asked --------------------------------------------------------------------------------


def test_it_is_a_source():
    source: type[Source] = FuseApi
    assert source


def test_a_request_names_itself_and_its_account():
    with source_rig(always(answer(CALLS))) as rig:
        rig.calls()
    head = rig.server.heads[0].lower().splitlines()
    token = base64.b64encode(f"{EMAIL}:{KEY}".encode()).decode()
    assert f"Authorization: Basic {token}" in rig.server.heads[0]
    assert "accept: application/json" in head
    assert "accept-encoding: gzip" in head
    assert any(line.startswith("user-agent: fuse-otel/") for line in head)


@pytest.mark.parametrize(
    ("given", "target"),
    [
        ({"number": "", "offset": 0, "limit": None}, "/api/calls/10/20"),
        ({"number": "", "offset": 5, "limit": None}, "/api/calls/10/20?offset=5"),
        ({"number": "+1&a", "offset": 0, "limit": 3}, "/api/calls/10/20?number=%2B1%26a&limit=3"),
    ],
)
def test_only_what_is_given_is_requested(given, target):
    with source_rig(always(answer(CALLS))) as rig:
        rig.api.list_calls(10, 20, **given)
        assert rig.server.heads[0].split()[1] == target


def test_the_bulk_reading_names_its_limit():
    with source_rig(always(answer(CALLS))) as rig:
        rig.api.read_logs(10, 20, number="617", offset=400, limit=200)
        target = rig.server.heads[0].split()[1]
        assert target == "/api/all_logs/10/20?number=617&limit=200&offset=400"


@pytest.mark.parametrize(
    "session_id", ["300060;001;15", "a/b?c=d#e", "100%25", "a b+c", "é", "\ud800", "../calls"]
)
def test_a_session_id_is_one_part_of_the_path(session_id):
    with source_rig(always(answer(ENTRIES))) as rig:
        rig.api.read_call(session_id)
        target = rig.server.heads[0].split()[1]
        part = target.removeprefix("/api/call/")
        assert not set(part) & set(";/?#+ ")
        assert unquote(part) == session_id.replace("\ud800", "?")


# --- what comes back ------------------------------------------------------------------------------


def test_a_page_of_calls():
    with source_rig(always(answer(CALLS))) as rig:
        page = rig.calls()
    assert [call.session_id for call in page.calls] == ["a"]
    assert (page.records, page.total) == (1, 9)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_page_of_logs_shows_its_decoded_size(compressed):
    body = b'{"calls": [{"session_id": "a", "detail": ' + ENTRIES + b"}, {}]}"
    sent = answer(body)
    if compressed:
        sent = answer(gzip.compress(body), headers={"Content-Encoding": "gzip"})
    with source_rig(always(sent)) as rig:
        page = rig.logs()
    assert (page.records, page.size) == (2, len(body))
    assert page.logs["a"].exited
    assert rig.of(AnomaliesSeen) == [AnomaliesSeen("main", (("record_id", 1),))]


def test_the_log_of_a_call():
    with source_rig(always(answer(ENTRIES))) as rig:
        assert rig.call().state is LogState.PRESENT
    (told,) = rig.events
    assert (told.account, told.endpoint, told.code) == ("main", "call", 200)
    assert 0 <= told.seconds < GENEROUS


def test_answers_in_xml_are_read_whatever_their_content_type():
    """A proxy that drops `Accept` gets the API's other form."""
    for kind in ("application/json", "application/xml", "text/html"):
        with source_rig(always(answer(to_xml(CALLS), headers={"Content-Type": kind}))) as rig:
            page = rig.calls()
        assert ([call.session_id for call in page.calls], page.total) == (["a"], 9)
        assert ("xml", 1) in rig.of(AnomaliesSeen)[0].kinds
    body = b'{"calls": [{"session_id": "a", "detail": ' + ENTRIES + b"}]}"
    with source_rig(always(answer(body))) as plain, source_rig(always(answer(to_xml(body)))) as rig:
        assert rig.logs().logs == plain.logs().logs
    with source_rig(always(answer(to_xml(ENTRIES)))) as rig:
        assert rig.call().exited
        assert rig.of(AnomaliesSeen) == [AnomaliesSeen("main", (("xml", 1),))]


@pytest.mark.parametrize(
    ("status", "body", "log"),
    [
        ("404 Not Found", b'{"error": "No call log was found."}', MISSING_LOG),
        ("404 Not Found", b"<html>404</html>", MISSING_LOG),
        ("404 Not Found", b"", MISSING_LOG),
        ("200 OK", b"[]", MISSING_LOG),
        ("200 OK", b"null", MISSING_LOG),
        *[
            (status, EXPIRED, EXPIRED_LOG)
            for status in ("200 OK", "404 Not Found", "410 Gone", "500 Oops", "403 Forbidden")
        ],
    ],
)
def test_that_a_call_has_no_log_is_an_answer(status: str, body: bytes, log: CallLog):
    with source_rig(always(answer(body, status))) as rig:
        assert rig.call() == log
    assert [event.code for event in rig.of(ApiAnswered)] == [int(status[:3])]
    assert not rig.of(ApiFailed)


def test_the_apis_clock_is_compared_where_it_is_sent():
    dated = answer(CALLS, headers={"Date": formatdate(NOW + 90, usegmt=True)})
    with source_rig(always(dated)) as rig:
        rig.calls()
    assert rig.of(ClockSkewSeen) == [ClockSkewSeen("main", 90.0)]
    with source_rig(always(answer(CALLS, headers={"Date": "today"}))) as rig:
        rig.calls()
    assert not rig.of(ClockSkewSeen)


# --- connections ----------------------------------------------------------------------------------


def test_a_connection_is_used_again():
    with source_rig(always(answer(ENTRIES))) as rig:
        for _ in range(3):
            rig.call()
        assert rig.server.connections == 1


def test_a_connection_that_the_server_closed_meanwhile_is_replaced():
    closed = threading.Event()

    def respond(peer, _head):
        peer.send(answer(ENTRIES))
        peer.close()
        closed.set()

    with source_rig(respond) as rig:
        for _ in range(3):
            closed.clear()
            assert rig.call().exited
            assert closed.wait(GENEROUS)
        assert rig.server.connections == 3


def test_after_an_error_the_next_request_is_answered():
    answers = iter([b"", answer(b"", headers={"Content-Length": "9"}) + b"x", answer(ENTRIES)])

    def respond(peer, _head):
        peer.send(next(answers))
        peer.close()

    with source_rig(respond) as rig:
        for _ in range(2):
            with pytest.raises(Unreachable):
                rig.call()
        assert rig.call().exited


def test_four_threads_may_ask_at_once():
    together = threading.Barrier(4)

    def respond(peer, head):
        together.wait(GENEROUS)
        line = unquote(head.split()[1])
        peer.send(answer(ENTRIES.replace(b'"x"', json.dumps(line[-1]).encode())))

    with source_rig(respond) as rig, ThreadPoolExecutor(4) as pool:
        logs = list(pool.map(rig.api.read_call, "abcdefgh"))
    assert [log.entries[0].line for log in logs] == list("abcdefgh")
    assert len(rig.of(ApiAnswered)) == 8


# --- privacy and cost -----------------------------------------------------------------------------


def test_options_show_no_credential():
    shown = repr(ApiOptions("https://fuse.invalid/api", EMAIL, KEY))
    assert EMAIL not in shown
    assert KEY not in shown


def test_importing_the_source_does_not_import_httpx():
    code = "import sys, fuse_otel.source; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
