"""The pages lead where they say, and the code stays in pieces that fit a head."""

import ast
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from support.pages.repository import ROOT, repository_files

from fuse_otel.cli import COMMANDS

MOST_LINES, MOST_OF_A_FUNCTION = 300, 50
PAGES = [path for path in repository_files() if path.suffix == ".md"]
MODULES = [
    path
    for path in repository_files()
    if path.suffix == ".py" and ROOT / "fuse_otel" in path.parents
]
_LINK = re.compile(
    r"\[[^\]]*\]\(<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)|src=\"([^\"]+)\"", re.MULTILINE
)
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
# Folders of one machine, and hosts that packages come from: true on one desk alone.
_ONE_DESK = re.compile(
    r"(?<![\w.])/(?:home|root|Users|work|tmp)/\w|/opt/wheels|pythonhosted\.org|/simple/|--index-url"
)


def name_of(path):
    return str(path.relative_to(ROOT))


def anchors(page):
    """The fragments that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+\s+(.+?)\s*$", _FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_links_of_a_page_lead_somewhere(page):
    for groups in _LINK.findall(_FENCE.sub("", page.read_text())):
        link = next(filter(None, groups))
        if re.match(r"[a-z]+:", link):
            continue
        path, _, fragment = unquote(link).partition("#")
        target = page.parent / path if path else page
        assert target.exists(), f"{link} is nowhere"
        if fragment and target.suffix == ".md":
            assert fragment in anchors(target), f"{link} is no heading"


def test_the_development_page_names_files_that_exist():
    page = (ROOT / "docs" / "development.md").read_text()
    named = set(
        re.findall(r"`((?:tests|support|fuse_otel|docs|scripts|requirements)/[\w/.-]+)`", page)
    )
    assert len(named) > 30
    missing = {
        name
        for name in named
        if not (ROOT / name).exists() and not (ROOT / "tests" / name).exists()
    }
    assert not missing


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_documented(command):
    pages = "\n".join(page.read_text() for page in PAGES)
    assert re.search(rf"fuse-otel {re.escape(command)}\b", pages)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_file_and_its_functions_are_short(path):
    source = path.read_text()
    assert len(source.splitlines()) <= MOST_LINES
    long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno >= MOST_OF_A_FUNCTION
    }
    assert not long


def test_no_file_names_the_machine_it_was_written_on():
    told = {
        name_of(path): found[0]
        for path in repository_files()
        if path != Path(__file__)
        for found in [_ONE_DESK.search(path.read_bytes().decode(errors="replace"))]
        if found
    }
    assert not told
