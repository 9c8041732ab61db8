"""Only ``fuse_otel/files.py`` opens what an operator names: no other module can hang on a pipe."""

import ast

import pytest
from support.pages.repository import ROOT

# Folders, the program's own files, the null device, and the store with what lies beside it: the
# store refuses every kind of file but a regular one before it opens it (``refuse_other_kinds``).
OTHERS = {
    "cli/commands/assets.py", "cli/output.py", "config/documentation.py",
    "core/redaction/technical_words.py",
    "store/postgres/schema.py", "store/relational/queries.py", "store/sqlite/damaged_file.py",
    "store/sqlite/errors.py", "store/sqlite/lock.py",
    "store/sqlite/opening.py", "store/sqlite/place.py", "store/sqlite/schema.py", "web/app.py",
}  # fmt: skip
OPENING = {"read_text", "read_bytes", "write_text", "write_bytes"}
PACKAGE = ROOT / "fuse_otel"


def opens(call: ast.Call) -> bool:
    function = call.func
    if isinstance(function, ast.Name):
        return function.id == "open"
    if not isinstance(function, ast.Attribute):
        return False
    owner = ast.unparse(function.value)
    if function.attr == "open":  # os.open(…), Path(…).open(…), path.open(…)
        return owner == "os" or owner.startswith("Path(") or owner.endswith(("path", "file"))
    return function.attr in OPENING and owner != "read"  # config.values.quantities, imported so


def openings(source: str) -> list[int]:
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [call.lineno for call in calls if opens(call)]


@pytest.mark.parametrize(
    "source",
    ["open(name)", "os.open(name, 0)", "Path(n).open('rb')", "path.open()", "p.read_text()"],
)
def test_an_opening_is_found(source):
    assert openings(source) == [1]


def test_only_one_module_opens_files_that_an_operator_names():
    found = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if openings(path.read_text("utf-8"))
    }
    assert found == {"files.py", *OTHERS}
