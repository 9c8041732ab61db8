"""The architecture page follows two values through the code, and names only files that exist."""

import re

import pytest
from support.pages.repository import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text()
WALKS = {"session_id": 25, "line": 18}


def walk(value):
    """The files of the walk that the page lists for the value, in order."""
    section = re.search(
        rf"^\*\*(?:A|The) `{value}`.*?(?=^\*\*|^From|^## )", PAGE, re.MULTILINE | re.DOTALL
    )[0]
    return re.findall(r"`([\w/]+\.py)`", section)


@pytest.mark.parametrize("value", WALKS)
def test_the_walk_names_files_that_exist(value):
    files = walk(value)
    assert len(files) > 10
    assert [file for file in files if not (ROOT / "fuse_otel" / file).is_file()] == []


@pytest.mark.parametrize(("value", "most"), WALKS.items())
def test_the_walk_is_short_and_takes_no_file_twice(value, most):
    files = walk(value)
    assert len(files) <= most
    assert len(set(files)) == len(files)


def test_the_page_names_every_package():
    table = PAGE.partition("## Packages")[2]
    for path in (ROOT / "fuse_otel").iterdir():
        if path.is_dir() and (path / "__init__.py").exists():
            assert f"`{path.name}`" in table, path.name


def test_every_file_that_the_page_names_exists():
    named = re.findall(r"`fuse_otel/([\w/.]+)`", PAGE)
    assert named
    assert [name for name in named if not (ROOT / "fuse_otel" / name).exists()] == []
