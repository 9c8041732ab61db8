"""The simulated API over a real socket: what the documentation promises of it."""

import gzip
import threading
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from support import http_client

from fuse_otel.simulator.quirks import Quirks
from fuse_otel.simulator.samples import SamplesWorld
from fuse_otel.simulator.simulated_api import DEVELOPER_KEY, EMAIL, SimulatedApi
from fuse_otel.simulator.world import World

NOW = 1_700_000_000
WORLD = World(seed=5, rate=0.2, past=3600, start=NOW)
WINDOW = f"{NOW - 1200}/{NOW - 600}"


class Hands:
    """A clock that a test moves."""

    def __init__(self):
        self.now = float(NOW)

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def api():
    with SimulatedApi(WORLD, clock=Hands()) as api:
        yield api


def client(api, **more):
    return http_client.client(base_url=api.url, auth=(api.email, api.developer_key), **more)


def get(api, path, **more):
    with client(api) as http:
        return http.get(path, **more)


def logged(api):
    return next(call for call in api.truth(0, NOW) if call.log and call.exited)


def test_the_three_endpoints_agree_with_the_truth(api):
    calls = get(api, f"/calls/{NOW - 1200}/{NOW}").json()["calls"]
    bulk = get(api, f"/all_logs/{NOW - 1200}/{NOW}").json()["calls"]
    truth = {call.session_id: call for call in api.truth(NOW - 1200, NOW + 1)}
    told = {call["session_id"]: call for call in calls if call["end"] >= NOW - 1200}
    assert set(told) == {name for name, call in truth.items() if call.start >= NOW - 1200}
    for session_id, call in told.items():
        assert (call["start"], call["end"]) == (truth[session_id].start, truth[session_id].end)
    for call in bulk:
        if truth[call["session_id"]].log:
            assert call["detail"] == list(api.entries(call["session_id"]))


def test_a_session_id_is_url_encoded(api):
    call = logged(api)
    answer = get(api, f"/call/{quote(call.session_id, safe='')}")
    assert "%3B" in str(answer.request.url)
    assert answer.json() == list(api.entries(call.session_id))


def test_an_unknown_call_is_404_with_a_reason(api):
    answer = get(api, "/call/300060%3B001%3B1529552581")
    assert (answer.status_code, answer.json()) == (404, {"error": "No call log was found."})


@pytest.mark.parametrize(
    "auth", [None, (EMAIL, "wrong"), ("other@example.com", DEVELOPER_KEY), ("é", "ü")]
)
def test_who_is_not_the_owner_gets_401_with_a_reason(api, auth):
    answer = http_client.get(f"{api.url}/calls/{WINDOW}", auth=auth)
    assert answer.status_code == 401
    assert answer.json()["error"]
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_get_is_allowed(api, method):
    with client(api) as http:
        answer = http.request(method, f"/calls/{WINDOW}")
        assert (answer.status_code, list(answer.json())) == (405, ["error"])
        assert http.get(f"/calls/{WINDOW}").status_code == 200


def test_head_is_405_without_a_body(api):
    with client(api) as http:
        answer = http.head(f"/calls/{WINDOW}")
        assert (answer.status_code, answer.content) == (405, b"")
        assert http.get(f"/calls/{WINDOW}").status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/calls", "/calls/a/b", "/calls/1", "/call/", "/calls/1/2/3", "/_simulator"]
)
def test_any_other_path_is_404(api, path):
    answer = get(api, path)
    assert (answer.status_code, list(answer.json())) == (404, ["error"])


def test_nothing_is_outside_of_the_base_path(api):
    answer = http_client.get(f"{api.origin}/calls/{WINDOW}", auth=(EMAIL, DEVELOPER_KEY))
    assert answer.status_code == 404


def test_number_limit_and_offset_are_understood_and_nonsense_is_not(api):
    number = logged(api).number
    first = get(api, f"/calls/{WINDOW}", params={"number": number, "limit": 1}).json()
    second = get(api, f"/calls/{WINDOW}?number={number}&limit=1&offset=1").json()
    assert first["calls"][0]["session_id"] != second["calls"][0]["session_id"]
    assert first["total_calls"] == second["total_calls"]
    whole = get(api, f"/calls/{WINDOW}").json()
    assert get(api, f"/calls/{WINDOW}?limit=many&offset=-1").json() == whole


def test_the_same_question_gets_the_same_bytes(api):
    assert get(api, f"/all_logs/{WINDOW}").content == get(api, f"/all_logs/{WINDOW}").content


def test_xml_has_the_same_entries(api):
    call = logged(api)
    path = f"/call/{quote(call.session_id)}"
    answer = get(api, path, headers={"Accept": "application/xml"})
    assert answer.headers["Content-Type"] == "application/xml"
    assert answer.content.startswith(b'<?xml version="1.0"?>')
    root = ET.fromstring(answer.content)  # noqa: S314 - our own simulator's
    items = root.findall("item")
    assert root.tag == "result"
    assert [item.findtext("event/line") for item in items] == [
        entry["event"]["line"] for entry in api.entries(call.session_id)
    ]
    assert [child.tag for child in items[0]] == ["event", "class", "timestamp"]
    assert items[1].findtext("event/data/has_audio") == "false"


def test_lists_and_errors_are_xml_too(api):
    accept = {"Accept": "application/xml"}
    listed = ET.fromstring(get(api, f"/calls/{WINDOW}", headers=accept).content)  # noqa: S314
    whole = get(api, f"/calls/{WINDOW}").json()
    assert len(listed.findall("calls/item")) == len(whole["calls"])
    assert listed.findtext("total_calls") == str(whole["total_calls"])
    missing = get(api, "/call/x", headers=accept)
    assert missing.status_code == 404
    assert ET.fromstring(missing.content).findtext("error")  # noqa: S314


def test_a_connection_is_kept(api):
    seen = threading.active_count()
    with client(api) as http:
        for _ in range(5):
            assert http.get(f"/calls/{WINDOW}").http_version == "HTTP/1.1"
        assert threading.active_count() <= seen + 1


def test_many_ask_at_once(api):
    with ThreadPoolExecutor(8) as pool:
        sizes = set(pool.map(lambda _: len(get(api, f"/all_logs/{WINDOW}").content), range(24)))
    assert len(sizes) == 1


def test_a_call_appears_when_the_clock_passes_its_end():
    hands = Hands()
    call = next(c for c in WORLD.starting(NOW - 60, NOW + 600) if c.end > NOW + 30)
    with SimulatedApi(WORLD, clock=hands) as api:
        path = f"/calls/{call.start}/{call.start + 1}"
        for hands.now, listed in ((call.end - 1, False), (call.end, True)):
            ids = [c["session_id"] for c in get(api, path).json()["calls"]]
            assert (call.session_id in ids) == listed
            assert (call in api.truth(call.end, call.end + 1)) == listed


def test_the_date_is_the_clocks_with_its_skew():
    with SimulatedApi(WORLD, clock=Hands(), quirks=Quirks(clock_skew=-90)) as api:
        date = parsedate_to_datetime(get(api, f"/calls/{WINDOW}").headers["Date"])
    assert date.timestamp() == NOW - 90


def test_answers_may_be_compressed_for_who_accepts_it():
    with SimulatedApi(WORLD, clock=Hands(), quirks=Quirks(compress=True)) as api:
        with client(api) as http, http.stream("GET", f"/calls/{WINDOW}") as answer:
            raw = b"".join(answer.iter_raw())
        plain = get(api, f"/calls/{WINDOW}", headers={"Accept-Encoding": "identity"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content
    assert "Content-Encoding" not in plain.headers


def test_requests_are_counted_and_reported():
    with SimulatedApi(WORLD, clock=Hands()) as api:
        with client(api, headers={"User-Agent": "probe/1"}) as http:
            for path in (f"/calls/{WINDOW}", "/call/a%3Bb", f"/calls/{WINDOW}", "/nowhere"):
                http.get(path)
        assert api.requests == {"calls": 2, "call": 1, "other": 1}
        recorded = api.recorded
    assert [(each.query.endpoint, each.status) for each in recorded] == [
        ("calls", 200), ("call", 404), ("calls", 200), ("other", 404)
    ]  # fmt: skip
    assert recorded[1].query.session_id == "a;b"
    assert {each.user_agent for each in recorded} == {"probe/1"}


def test_samples_answer_every_window():
    record = {"session_id": "1;001;2", "start": 10, "end": 20, "type": "inbound", "log": True,
              "src": "2125550123", "dest": "8005550111"}  # fmt: skip
    document = {"calls": [record], "total_calls": 1}
    with SimulatedApi(SamplesWorld(document, {"1;001;2": []}), clock=Hands()) as api:
        assert get(api, "/calls/5/6").json() == get(api, f"/calls/{WINDOW}").json() == document
        assert get(api, "/call/1%3B001%3B2").json() == []
        (call,) = api.truth(0, NOW)
        assert call.session_id == "1;001;2"


def test_what_is_sent_along_does_not_disturb_the_next_request(api):
    with client(api) as http:
        assert http.post("/calls/1/2", content=b" " * 100_000).status_code == 405
        assert http.get(f"/calls/{WINDOW}").status_code == 200


def test_ipv6_is_listened_on():
    with SimulatedApi(WORLD, clock=Hands(), host="::1") as api:
        assert api.url.startswith("http://[::1]:")
        assert get(api, f"/calls/{WINDOW}").status_code == 200


def test_leaving_breaks_off_idle_connections_and_leaves_no_thread():
    # A thread of an earlier test may end meanwhile: only new ones count.
    before = set(threading.enumerate())
    with SimulatedApi(WORLD, clock=Hands()) as api:
        http = client(api)
        http.get(f"/calls/{WINDOW}")
    http.close()
    assert not set(threading.enumerate()) - before
