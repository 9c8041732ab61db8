"""The page of guarantees names tests, commands and files that exist, and every heavy proof."""

import ast
import re
from importlib.util import find_spec

import pytest
from support.pages.repository import ROOT, repository_files

PAGE = (ROOT / "docs" / "guarantees.md").read_text()
# `tests/unit/test_x.py`, `tests/unit/test_x.py::test_name`, also inside a command.
NAMED = sorted(set(re.findall(r"((?:tests|benchmarks)/[\w/]+\.py)(?:::(\w+))?", PAGE)))
MODULES = sorted(set(re.findall(r"python -m ([\w.]+)", PAGE)))
TARGETS = sorted(set(re.findall(r"\bmake ([a-z]+)", PAGE)))


def functions_of(path):
    tree = ast.parse((ROOT / path).read_text())
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }


@pytest.mark.parametrize(("path", "name"), NAMED, ids=lambda word: word)
def test_a_named_test_exists(path, name):
    assert (ROOT / path).is_file(), f"docs/guarantees.md names {path}, which is not there"
    assert not name or name in functions_of(path), f"{path} has no {name}"


def test_named_modules_can_be_run(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    assert [module for module in MODULES if find_spec(module) is None] == []


def test_named_targets_exist():
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(TARGETS) <= set(targets)


def test_every_heavy_proof_is_on_the_page():
    proofs = {
        str(path.relative_to(ROOT))
        for path in repository_files()
        if path.is_relative_to(ROOT / "tests") and path.suffix == ".py"
        if re.search(r"^(?:@|pytestmark\b.*)pytest\.mark\.proof\b", path.read_text(), re.MULTILINE)
    }
    assert proofs
    named = {path for path, _ in NAMED}
    assert proofs <= named, f"docs/guarantees.md leaves out {sorted(proofs - named)}"
