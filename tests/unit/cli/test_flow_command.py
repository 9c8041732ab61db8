"""``fuse-otel flow``: what it prints of an application, and how it ends."""

import json
from contextlib import closing

import pytest
from support.builders.flow_values import runs, stepping_call
from support.builders.store_values import NOW, seen, step

from fuse_otel.cli import main
from fuse_otel.store import open_store


@pytest.fixture
def command(tmp_path, capsys):
    url = f"sqlite:///{tmp_path / 'state.db'}"
    calls = [
        stepping_call("1;1;1", runs("start start", "menu main")),
        stepping_call("1;1;2", runs("start start", "exit end"), outcome="completed", version="9"),
        stepping_call("1;1;3", runs("start \x1b[31mred"), application="\x1b[31mred"),
    ]
    with closing(open_store(url, capacity=10**9, clock=lambda: NOW)) as store:
        rows = [seen(call.session_id) for call in calls]
        store.ledger.lease("main").commit(step(seen=rows, indexed=calls))

    def run(*words):
        code = main(["flow", *words, "--state-url", url])
        return code, *capsys.readouterr()

    return run


def test_text_has_the_modules_and_the_steps(command):
    code, out, _ = command("claims line")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["claims", "line:", "2", "calls", "with", "log", "entries"]
    assert ["menu", "main", "1", "100", "%", "1", "50", "%", "1", "s", "0", "%", "0", "%"] in lines
    assert ["start", "start", "menu", "main", "1", "50", "%"] in lines


@pytest.mark.parametrize("words", [("--json",), ("--format", "json")])
def test_json_is_one_line(command, words):
    code, out, _ = command("claims line", *words)
    assert code == 0
    assert json.loads(out)["calls"] == 2


def test_filters_and_a_comparison_reach_the_store(command):
    words = ("--version", "9", "--compare-version", "0.2", "--account", "main")
    _, out, _ = command("claims line", "--json", *words)
    made = json.loads(out)
    assert (made["calls"], made["compared"]["calls"]) == (1, 1)
    assert [node["module"] for node in made["nodes"]] == ["start", "end"]
    _, out, _ = command("claims line", "--version", "9", "--compare-version", "0.2")
    assert out.startswith("claims line: 1 call, compared with 1 call with log entries\n")
    _, out, _ = command("claims line", "--outcome", "unknown")
    assert "No call matches." in out


def test_diagrams_are_printed(command):
    assert command("claims line", "--format", "mermaid")[1].startswith("flowchart TD\n")
    assert command("claims line", "--format", "dot")[1].startswith('digraph "claims line" {\n')


def test_names_reach_the_terminal_without_control_characters(command):
    code, out, _ = command("\x1b[31mred")
    assert code == 0
    assert "\x1b" not in out


def test_an_unknown_application_fails_with_the_name_that_was_meant(command):
    code, out, err = command("claims lime")
    assert (code, out) == (1, "")
    assert err == (
        'fuse-otel: No call of the application "claims lime" was stored in the last 30 days.'
        " Did you mean claims line?\n"
    )


def test_a_wrong_filter_is_wrong_usage(command):
    code, _, err = command("claims line", "--compare-from", "yesterday")
    assert code == 2
    assert err.startswith('fuse-otel: --compare-from: "yesterday" is no time.')
