"""The tests of ``tests/unit`` start no process and no server, so that they run in a minute."""

import ast

from support.pages.repository import ROOT

FOREIGN = {
    "http.server", "multiprocessing", "playwright", "socket", "socketserver", "subprocess",
    "support.peers", "support.rigs.postgres_cluster", "support.rigs.web_site.served", "uvicorn",
}  # fmt: skip
FIXTURES = {"postgres"}


def imported(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{each.name}" for each in node.names)


def foreign(source):
    """The imports and the fixtures that start something."""
    names = [
        name
        for name in imported(source)
        if any(name == each or name.startswith(f"{each}.") for each in FOREIGN)
    ]
    arguments = {node.arg for node in ast.walk(ast.parse(source)) if isinstance(node, ast.arg)}
    return names + sorted(arguments & FIXTURES)


def test_an_import_is_found():
    source = "import subprocess\nfrom support.peers.proxy import Proxy\ndef test(postgres): ..."
    assert foreign(source) == ["subprocess", "support.peers.proxy.Proxy", "postgres"]


def test_no_unit_test_starts_a_process_or_a_server():
    files = list((ROOT / "tests" / "unit").rglob("test_*.py"))
    found = {
        str(path.relative_to(ROOT)): names
        for path in files
        if (names := foreign(path.read_text(encoding="utf-8")))
    }
    assert len(files) > 100
    assert found == {}
