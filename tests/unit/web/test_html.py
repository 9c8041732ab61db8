"""HTML that escapes, and what people read on the pages."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuse_otel import humanize
from fuse_otel.web.html import Html, join, tag

NASTY = '<script>alert("1")</script>&\'\x00\x1b\ud800'


def test_text_is_escaped_wherever_it_enters():
    made = tag("p", NASTY, [NASTY, None, tag("b", NASTY)], title=NASTY)
    assert "<script" not in made
    assert '"1"' not in made
    assert not {"\x00", "\x1b", "\ud800"} & set(made)


def test_finished_html_is_taken_as_it_is():
    assert tag("p", Html("<i>x</i>"), tag("b", "y")) == "<p><i>x</i><b>y</b></p>"
    assert join("a", None, [tag("i", "b"), "<"]) == "a<i>b</i>&lt;"


def test_attributes():
    made = tag("a", "x", class_="mark", aria_label="a & b", open=True, hidden=False, title=None)
    assert made == '<a class="mark" aria-label="a &amp; b" open>x</a>'
    assert tag("meta", name="x", content=1) == '<meta name="x" content="1">'


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text, self.title = [], "", None

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.title = dict(attrs).get("title")

    def handle_data(self, data):
        self.text += data


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_a_browser_reads_back_what_was_written_and_no_element_more(text):
    reader = Reader()
    reader.feed(tag("p", text, title=text))
    reader.close()
    assert reader.tags == ["p"]
    assert (reader.text, reader.title) == (text, text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "\N{EN DASH}"), (0, "0 s"), (0.04, "0 s"), (4.26, "4.3 s"), (9, "9 s"),
        (12.4, "12 s"), (60, "1 min"), (125, "2 min 5 s"), (3600, "1 h"), (12_000, "3 h 20 min"),
        (5 * 86_400 - 1, "4 d 23 h"), (5 * 86_400, "5 d"), (-7200, "\N{MINUS SIGN}2 h"),
    ],
)  # fmt: skip
def test_durations(seconds, text):
    assert humanize.duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (5 << 20, "5.0 MiB"),
        (2 << 40, "2048.0 GiB"),
    ],
)
def test_sizes(count, text):
    assert humanize.size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0:00"), (7.9, "0:07"), (750, "12:30"), (3723, "1:02:03")]
)
def test_offsets_within_a_call(seconds, text):
    assert humanize.offset(seconds) == text


def test_moments():
    assert humanize.moment(1_790_000_000.9) == "2026-09-21 14:13:20Z"
    assert humanize.moment(None) == "\N{EN DASH}"
    assert humanize.ago(100, 190) == "1 min 30 s ago"
    assert humanize.ago(200, 190) == "0 s ago"
    assert humanize.ago(None, 190) == "\N{EN DASH}"
    assert humanize.plural(1, "call") == "1 call"
    assert humanize.plural(1200, "call") == "1,200 calls"
