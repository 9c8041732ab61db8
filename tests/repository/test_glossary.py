"""The glossary explains each word of the project once. The pages that use the words link to it."""

import re

import pytest
from support.pages.repository import ROOT

from fuse_otel.ports import GapReason, PendingReason

WORDS = [
    "call",
    "entry",
    "execution",
    "visit",
    "application",
    "account",
    "number",
    "answer",
    "window",
    "settle",
    "grow",
    "floor",
    "headroom",
    "cursor",
    "ledger",
    "gap",
    "recheck",
    "rescan",
    "batch",
    "rendering",
    "profile",
    "lane",
    "due",
    "acknowledge",
    "suspended",
    "parked",
    "job",
    "live",
]
PHRASES = ["pending call", "late call", "grown call"]


def glossary():
    return (ROOT / "docs" / "glossary.md").read_text()


@pytest.mark.parametrize("word", [*WORDS, *PHRASES])
def test_the_glossary_explains_the_word_once(word):
    assert len(re.findall(rf"^\| \*\*{word}\*\* \| .{{20,}} \|$", glossary(), re.MULTILINE)) == 1


@pytest.mark.parametrize(("word", "reasons"), [("gap", GapReason), ("pending call", PendingReason)])
def test_the_glossary_names_every_reason(word, reasons):
    row = re.search(rf"^\| \*\*{word}\*\* \| .*$", glossary(), re.MULTILINE)[0]
    assert {reason.value for reason in reasons} <= set(re.findall(r"`(\w+)`", row))


@pytest.mark.parametrize(
    "page", ["README.md", "docs/operations.md", "docs/architecture.md", "docs/development.md"]
)
def test_the_page_links_to_the_glossary(page):
    assert "glossary.md)" in (ROOT / page).read_text()
