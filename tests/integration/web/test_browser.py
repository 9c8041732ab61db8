"""The pages in a real browser: nothing is refused by their own policy, nothing of a call is run."""

import re

import pytest
from support.rigs import browser
from support.rigs.web_site import filled_store, recent_call, served, site

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
        ("/calls/", "The 2 calls stored last"),
        ("/calls/300060%3B001%3B1529552581", "look_up_claim"),
    ],
)
def test_a_page_loads_without_a_complaint(url, tmp_path, path, text):
    page = browser.load(url + path, tmp_path)
    assert text in page.dom
    assert not page.complaints


def test_nothing_of_a_call_is_run(url, tmp_path):
    page = browser.load(f"{url}/calls/", tmp_path)
    assert re.search(r"<title>[^<]*Calls", page.dom)
    assert "<script" not in page.dom


def test_a_refused_style_would_be_seen(tmp_path):
    page = tmp_path / "refused.html"
    page.write_text(REFUSED)
    assert browser.load(page.as_uri(), tmp_path / "profile").complaints
