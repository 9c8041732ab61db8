"""Each fault as a client meets it."""

import socket
import time
from email.utils import parsedate_to_datetime

import httpx
import pytest
from support import http_client
from support.patience import PATIENCE

from fuse_otel.simulator.faults import Fault, FaultKind, Faults
from fuse_otel.simulator.quirks import Quirks
from fuse_otel.simulator.simulated_api import SimulatedApi
from fuse_otel.simulator.world import World

NOW = 1_700_000_000
WORLD = World(seed=5, rate=0.2, past=3600, start=NOW)
PATH = f"/calls/{NOW - 1200}/{NOW - 600}"


@pytest.fixture(scope="module")
def running():
    with SimulatedApi(WORLD, clock=lambda: NOW) as api:
        yield api


@pytest.fixture
def api(running):
    yield running
    running.faults.clear()


@pytest.fixture
def http(api):
    with http_client.client(base_url=api.url, auth=(api.email, api.developer_key)) as http:
        yield http


def drain(answer, received):
    for piece in answer.iter_raw():
        received += piece


def test_error_is_a_database_error(api, http):
    api.faults.add(Fault(FaultKind.ERROR))
    answer = http.get(PATH)
    assert (answer.status_code, answer.json()) == (500, {"error": "database error"})


def test_error_has_any_status(api, http):
    api.faults.add(Fault(FaultKind.ERROR, status=503))
    assert http.get(PATH).status_code == 503


def test_an_interval_fails_and_its_neighbours_do_not(api, http):
    api.faults.add(Fault(FaultKind.ERROR, since=NOW - 1000, until=NOW - 990))
    windows = [(NOW - 1200, NOW - 600), (NOW - 1000, NOW - 999), (NOW - 989, NOW - 600)]
    statuses = [http.get(f"/calls/{start}/{end}").status_code for start, end in windows]
    assert statuses == [500, 500, 200]


def test_one_call_fails_and_the_others_do_not(api, http):
    bad, good = [call for call in api.truth(0, NOW) if call.log][:2]
    api.faults.add(Fault(FaultKind.ERROR, session=bad.session_id))
    assert http.get(f"/call/{bad.session_id}").status_code == 500
    assert http.get(f"/call/{good.session_id}").status_code == 200
    assert http.get(PATH).status_code == 200


def test_down_closes_without_an_answer(api, http):
    api.faults.add(Fault(FaultKind.DOWN))
    with pytest.raises(httpx.RemoteProtocolError):
        http.get(PATH)


def test_reset_resets(api):
    api.faults.add(Fault(FaultKind.RESET))
    port = int(api.origin.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(f"GET /api{PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_unauthorized_says_why(api, http):
    api.faults.add(Fault(FaultKind.UNAUTHORIZED))
    answer = http.get(PATH)
    assert (answer.status_code, answer.json()) == (401, {"error": "This account is inactive."})


@pytest.mark.parametrize(
    ("given", "headers"),
    [
        ({}, {}),
        ({"retry_after": 7}, {"Retry-After": "7"}),
        (
            {"reset_after": 60},
            {"X-RateLimit-Reset": f"{NOW + 60}", "X-RateLimit-Remaining": "0"},
        ),
    ],
)
def test_throttled_says_how_long_if_it_says_so(api, http, given, headers):
    api.faults.add(Fault(FaultKind.THROTTLED, **given))
    answer = http.get(PATH)
    assert (answer.status_code, list(answer.json())) == (429, ["error"])
    for name in ("Retry-After", "X-RateLimit-Reset", "X-RateLimit-Remaining"):
        assert answer.headers.get(name) == headers.get(name)


def test_latency_delays_a_good_answer(api, http):
    plain = http.get(PATH).content
    api.faults.add(Fault(FaultKind.LATENCY, seconds=0.2))
    begun = time.monotonic()
    assert http.get(PATH).content == plain
    assert time.monotonic() - begun >= 0.2


def test_dribble_sends_the_body_byte_by_byte(api, http):
    plain = http.get("/call/x").content
    api.faults.add(Fault(FaultKind.DRIBBLE, seconds=0.05))
    with http.stream("GET", "/call/x") as answer:
        pieces = list(answer.iter_raw())
    assert b"".join(pieces) == plain
    assert len(pieces) > 3  # how many are read at once is the machine's business


def test_cut_ends_in_the_middle_of_the_body(api, http):
    plain = http.get(PATH).content
    api.faults.add(Fault(FaultKind.CUT, count=1))
    with http.stream("GET", PATH) as answer:
        received = bytearray()
        with pytest.raises(httpx.RemoteProtocolError):
            drain(answer, received)
    assert bytes(received) == plain[: len(plain) // 2]
    assert http.get(PATH).content == plain


def test_html_is_a_proxys_page(api, http):
    api.faults.add(Fault(FaultKind.HTML))
    answer = http.get(PATH)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


def test_empty_is_an_answer_without_a_body(api, http):
    api.faults.add(Fault(FaultKind.EMPTY))
    answer = http.get(PATH)
    assert (answer.status_code, answer.content) == (200, b"")


def test_flood_does_not_end_soon(api, http):
    api.faults.add(Fault(FaultKind.FLOOD))
    received = 0
    with http.stream("GET", PATH) as answer:
        assert answer.status_code == 200
        for piece in answer.iter_raw():
            received += len(piece)
    assert received > 64_000_000


def test_xml_comes_whatever_the_request_accepts(api, http):
    api.faults.add(Fault(FaultKind.XML))
    answer = http.get(PATH, headers={"Accept": "application/json"})
    assert answer.headers["Content-Type"] == "application/xml"
    assert answer.content.startswith(b'<?xml version="1.0"?>\n<result><calls><item><dest>')


def test_redirect_leads_to_a_login_page(api, http):
    api.faults.add(Fault(FaultKind.REDIRECT))
    answer = http.get(PATH)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login")


def test_bad_headers_have_dates_that_do_not_exist(api, http):
    api.faults.add(Fault(FaultKind.BAD_HEADERS, status=429))
    answer = http.get(PATH)
    assert answer.status_code == 429
    assert "9999999999" in answer.headers["Retry-After"]
    assert len(answer.headers["X-RateLimit-Reset"]) == 400
    with pytest.raises((ValueError, OverflowError)):
        parsedate_to_datetime(answer.headers["Date"])


def test_bad_encoding_is_not_the_gzip_it_says(api, http):
    api.faults.add(Fault(FaultKind.BAD_ENCODING))
    with pytest.raises(httpx.DecodingError):
        http.get(PATH)


def test_bad_chunks_have_a_size_that_is_no_number(api, http):
    api.faults.add(Fault(FaultKind.BAD_CHUNKS))
    with pytest.raises(httpx.RemoteProtocolError):
        http.get(PATH)


def test_a_bomb_is_small_until_it_is_inflated(api, http):
    api.faults.add(Fault(FaultKind.BOMB))
    with http.stream("GET", PATH) as answer:
        assert int(answer.headers["Content-Length"]) < 100_000
        assert sum(map(len, answer.iter_bytes())) == 64 << 20


def test_nested_is_deeper_than_a_parser_goes(api, http):
    api.faults.add(Fault(FaultKind.NESTED))
    with pytest.raises(RecursionError):
        http.get(PATH).json()


def test_garbled_changes_some_bytes_always_the_same(api, http):
    plain = http.get(PATH).content
    api.faults.add(Fault(FaultKind.GARBLED))
    garbled = [http.get(PATH).content for _ in range(2)]
    assert garbled[0] == garbled[1] != plain
    changed = sum(a != b for a, b in zip(plain, garbled[0], strict=True))
    assert 0 < changed <= len(plain) // 100 + 1


@pytest.mark.parametrize(
    ("quirk", "date"), [("missing", None), ("nonsense", "Mon, 99 Feb 9999999999 00:00:00 GMT")]
)
def test_the_date_may_be_missing_or_nonsense(quirk, date):
    quirks = Quirks.parsed([f"date_header={quirk}"])
    with SimulatedApi(WORLD, quirks=quirks, clock=lambda: NOW) as api:
        answer = http_client.get(api.url + PATH, auth=(api.email, api.developer_key))
    assert answer.headers.get("Date") == date


def test_a_client_that_leaves_a_flood_harms_nobody(api, http):
    api.faults.add(Fault(FaultKind.FLOOD, count=1))
    with http.stream("GET", PATH) as answer:
        next(answer.iter_raw())
    assert http.get(PATH).status_code == 200


@pytest.mark.parametrize("kind", [FaultKind.LATENCY, FaultKind.DRIBBLE])
def test_leaving_does_not_wait_for_a_slow_answer(kind):
    faults = Faults([Fault(kind, seconds=600)])
    with (
        SimulatedApi(WORLD, faults=faults, clock=lambda: NOW) as api,
        socket.create_connection(("127.0.0.1", int(api.origin.rpartition(":")[2]))) as connection,
    ):
        connection.sendall(f"GET /api{PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        deadline = time.monotonic() + PATIENCE
        while not api.requests and time.monotonic() < deadline:
            time.sleep(0.01)
        assert api.requests == {"calls": 1}


def test_faults_are_switched_over_http(api, http):
    control = f"{api.origin}/_simulator/faults"
    wanted = [{"kind": "error", "count": 1}, {"kind": "latency", "seconds": 0.01}]
    assert http_client.post(control, json=wanted).json() == wanted
    assert http_client.get(control).json() == wanted
    assert [http.get(PATH).status_code for _ in range(2)] == [500, 200]
    assert http_client.get(control).json() == wanted[1:]
    assert http_client.post(control, json=[]).json() == []
    assert api.faults.active() == ()


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[1]", b'[{"kind": "broken"}]', b'[{"count": 1}]', b"\xff"]
)
def test_nonsense_faults_are_refused_and_change_nothing(api, body):
    api.faults.add(Fault(FaultKind.DOWN))
    answer = http_client.post(f"{api.origin}/_simulator/faults", content=body)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert api.faults.active() == (Fault(FaultKind.DOWN),)


def test_the_switches_take_get_and_post_alone(api):
    answer = httpx.delete(f"{api.origin}/_simulator/faults")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")
