"""The tests of ``tests/unit`` start no process and no server, so that they run in a minute."""

import ast

from support.pages.repository import ROOT

FOREIGN = {
    "http.server", "multiprocessing", "playwright", "socket", "socketserver", "subprocess",
    "support.peers", "uvicorn",
}  # fmt: skip


def imported(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def foreign(source):
    return [
        name
        for name in imported(source)
        if any(name == each or name.startswith(f"{each}.") for each in FOREIGN)
    ]


def test_an_import_is_found():
    assert foreign("import subprocess\nfrom support.peers.proxy import Proxy") == [
        "subprocess",
        "support.peers.proxy",
    ]


def test_no_unit_test_starts_a_process_or_a_server():
    files = list((ROOT / "tests" / "unit").rglob("test_*.py"))
    found = {
        str(path.relative_to(ROOT)): names
        for path in files
        if (names := foreign(path.read_text(encoding="utf-8")))
    }
    assert len(files) > 100
    assert found == {}
