"""The pages in a real browser: nothing is refused by their own policy, nothing of a call is run."""

import re

import pytest
from support.builders.web_files import access, hash_of
from support.rigs import browser
from support.rigs.web_site import filled_store, recent_call, served, site

from fuse_otel.web.access import CurrentAccess

pytestmark = pytest.mark.skipif(browser.PROGRAM is None, reason="needs Debian's chromium")

PLAIN_ID = "300060;001;1529552581"
NASTY_ID = "<script>document.title='run'</script>"
REFUSED = (
    "<html><head><meta http-equiv='Content-Security-Policy' content=\"default-src 'none'\">"
    "<style>p { color: red }</style></head></html>"
)


@pytest.fixture(scope="module")
def url():
    store = filled_store(recent_call(PLAIN_ID), recent_call(NASTY_ID, "<b>app</b>", trace=2))
    with served(site(store)) as address:
        yield address
    store.close()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/", "Every call of a Plum Fuse phone application"),
        ("/status", "Headroom"),
        ("/calls/", "Calls 1 to 2 of the last 7 days"),
        ("/calls/300060%3B001%3B1529552581", "look_up_claim"),
    ],
)
def test_a_page_loads_without_a_complaint(url, tmp_path, path, text):
    page = browser.load(url + path, tmp_path)
    assert text in page.dom
    assert not page.complaints


@pytest.mark.slow
def test_a_page_loads_whole_behind_a_login(tmp_path):
    store = filled_store(recent_call(PLAIN_ID))
    current = CurrentAccess(access(tmp_path, basic_auth_users={"ops": hash_of("right")}))
    with served(site(store, access=current)) as address:
        page = browser.load(address.replace("//", "//ops:right@") + "/calls/", tmp_path / "in")
        assert "Calls 1 to 1 of the last 7 days" in page.dom
        assert not page.complaints
        assert "claims line" not in browser.load(f"{address}/calls/", tmp_path / "out").dom
    store.close()


def test_nothing_of_a_call_is_run(url, tmp_path):
    page = browser.load(f"{url}/calls/", tmp_path)
    assert re.search(r"<title>[^<]*Calls", page.dom)
    assert re.findall(r"<script[^>]*>", page.dom) == ['<script src="../page.js" defer="">']


@pytest.mark.parametrize(
    ("zone", "started", "failed"),
    [
        ("Asia/Kolkata", "2026-09-21 19:41:45 UTC+05:30", "19:42:33"),
        ("America/St_Johns", "2026-09-21 11:41:45 UTC-02:30", "11:42:33"),
    ],
)
def test_times_are_local_on_request(url, tmp_path, monkeypatch, zone, started, failed):
    monkeypatch.setenv("TZ", zone)
    page = browser.load(f"{url}/calls/300060%3B001%3B1529552581#local", tmp_path)
    assert f">{started}</time>" in page.dom
    assert page.dom.count(f">{failed}</time>") == 3
    assert '<a href="#utc" class="times">Times in UTC</a>' in page.dom
    assert not page.complaints


def test_times_stay_in_utc_without_a_request(url, tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    page = browser.load(f"{url}/calls/300060%3B001%3B1529552581", tmp_path)
    assert ">2026-09-21 14:11:45Z</time>" in page.dom
    assert '<a href="#local" class="times">Local times</a>' in page.dom


@pytest.mark.slow
def test_the_first_page_refreshes_itself_at_a_steady_rate(tmp_path):
    requests = []

    def problems():
        requests.append("/")
        return ()

    store = filled_store()
    with served(site(store, problems=problems)) as address:
        # Virtual time stands still while a request is under way, also on a slow machine.
        page = browser.load(address, tmp_path, "--virtual-time-budget=100000")
    store.close()
    assert 3 <= len(requests) <= 8
    assert not page.complaints


def test_a_refused_style_would_be_seen(tmp_path):
    page = tmp_path / "refused.html"
    page.write_text(REFUSED)
    assert browser.load(page.as_uri(), tmp_path / "profile").complaints
