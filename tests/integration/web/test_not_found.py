"""What a browser, and a program, get for a page or a call that does not exist."""

from urllib.parse import urljoin

import pytest
from support import http_client
from support.rigs.web_site import filled_store, links, recent_call, served, site

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
STORED_LAST = "This call is not among those stored last"


@pytest.fixture(scope="module")
def web():
    damaged = recent_call("damaged", traces=b"\xaa\xbb\xcc")
    nothing = recent_call("nothing", traces=b"", logs=b"")
    store = filled_store(damaged, nothing)
    with served(site(store)) as url, http_client.client(base_url=url, headers=BROWSER) as client:
        yield client
    store.close()


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/nowhere", "There is no such page."),
        ("/nowhere/at/all/", "There is no such page."),
        ("/calls/unknown", STORED_LAST),
        ("/calls/a%2F..%2Fb", STORED_LAST),
        ("/calls/a/b?open=all", STORED_LAST),
        ("/calls/%3Cscript%3Ealert(1)", STORED_LAST),
        ("/calls/damaged", "The stored copy of this call is damaged"),
        ("/calls/nothing", "Nothing of this call is kept to draw."),
    ],
)
def test_a_browser_gets_a_page_that_leads_on(web, path, sentence):
    answer = web.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert sentence in answer.text
    assert "<script>" not in answer.text
    for link in (each for each in links(answer.text) if each != "#local"):
        target = urljoin(str(web.base_url.join(path)), link)
        assert web.get(target).status_code == 200, link


def test_a_program_gets_a_sentence(web):
    for path in ("/nowhere", "/calls/unknown"):
        answer = web.get(path, headers={"Accept": "*/*"})
        assert (answer.status_code, answer.text.count("\n")) == (404, 1)
