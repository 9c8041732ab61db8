"""``fuse-otel show``."""

import json
import sqlite3
import time

import pytest
from support.builders.saved_files import ENTRIES, SESSION, listed, run_command, save, trace_id
from support.builders.store_values import recent, step

from fuse_otel.cli.commands import convert, show
from fuse_otel.cli.saved_calls import render_saved
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.store import open_store


@pytest.fixture
def two_calls(tmp_path):
    """A saved answer with two calls."""
    return save(tmp_path, "all_logs.json", {"calls": [listed("a;1"), listed("b;2")]})


@pytest.fixture
def two_calls_as_lines(tmp_path, two_calls):
    """The same as OTLP/JSON lines."""
    lines = tmp_path / "otlp.jsonl"
    assert run_command(convert, two_calls, "--output", str(lines)) == 0
    return str(lines)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """The daemon's store, holding one call; the command finds it by the environment."""
    (call,) = render_saved(json.dumps(listed()).encode(), "", ModelOptions())
    url = f"sqlite:///{tmp_path / 'state.db'}"
    monkeypatch.setenv("FUSE_OTEL_STATE_URL", url)
    held = recent(SESSION, trace_id=call.trace_id, traces=call.traces, logs=call.logs)
    opened = open_store(url, capacity=1 << 20, clock=time.time)
    opened.ledger.lease("default").commit(step(recent=[held]))
    opened.close()


def headings(out):
    return [line.split()[1] for line in out.splitlines() if line.startswith("  session")]


def test_a_saved_answer_is_drawn_call_by_call(two_calls, capsys):
    assert run_command(show, two_calls) == 0
    out = capsys.readouterr().out
    assert headings(out) == ["a;1", "b;2"]
    assert f"  trace    {trace_id('a;1')}" in out
    assert out.count("rest lookup") == 2
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 80


def test_otlp_lines_are_drawn_like_the_answer_they_were_made_from(
    two_calls, two_calls_as_lines, capsys
):
    assert run_command(show, two_calls, "--records") == 0
    from_answer = capsys.readouterr().out
    assert run_command(show, two_calls_as_lines, "--records") == 0
    assert capsys.readouterr().out == from_answer


@pytest.mark.parametrize("form", ["two_calls", "two_calls_as_lines"])
def test_one_of_several_calls_can_be_chosen(form, request, capsys):
    assert run_command(show, request.getfixturevalue(form), "--session-id", "b;2") == 0
    assert headings(capsys.readouterr().out) == ["b;2"]


def test_a_call_that_is_not_there_is_one_sentence(two_calls_as_lines, capsys):
    assert run_command(show, two_calls_as_lines, "--session-id", "c;3") == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"{two_calls_as_lines}: c;3 is not in there.\n"


def test_traces_and_logs_may_stand_in_two_files(tmp_path, two_calls_as_lines, capsys):
    lines = (tmp_path / "otlp.jsonl").read_text().splitlines()
    traces = save(tmp_path, "traces.jsonl", "\n".join(lines[::2]))
    logs = save(tmp_path, "logs.jsonl", "\n".join(lines[1::2]))
    assert run_command(show, two_calls_as_lines, "--records") == 0
    together = capsys.readouterr().out
    assert run_command(show, logs, traces, "--records") == 0
    assert capsys.readouterr().out == together


def test_a_bare_list_of_entries_is_named_by_its_file_or_by_the_option(tmp_path, capsys):
    file = save(tmp_path, f"{SESSION}.json", ENTRIES)
    assert run_command(show, file) == 0
    printed = capsys.readouterr()
    assert headings(printed.out) == [SESSION]
    assert printed.err == f"{file}: the session id is taken from the file name: {SESSION}.\n"
    assert run_command(show, file, "--session-id", "another") == 0
    printed = capsys.readouterr()
    assert headings(printed.out) == ["another"]
    assert printed.err == ""


def test_a_file_name_that_is_no_session_id_names_no_call(tmp_path, capsys):
    assert run_command(show, save(tmp_path, "entries.json", ENTRIES)) == 1
    assert "Name it with --session-id." in capsys.readouterr().err


def test_the_trace_is_the_one_the_configured_daemon_sends(two_calls, capsys, monkeypatch):
    monkeypatch.setenv("FUSE_OTEL_NAMESPACE", "eu")
    assert run_command(show, two_calls) == 0
    assert trace_id("b;2", "eu") in capsys.readouterr().out
    assert run_command(show, two_calls, "--namespace", "us") == 0
    assert trace_id("b;2", "us") in capsys.readouterr().out


def test_what_the_daemon_stored_is_drawn_however_it_redacts(store, capsys, monkeypatch):
    monkeypatch.setenv("FUSE_OTEL_REDACTION", "standard")
    assert run_command(show, SESSION) == 0
    assert capsys.readouterr().err == ""


def test_a_session_id_is_looked_up_in_the_store(store, capsys):
    assert run_command(show, SESSION) == 0
    assert headings(capsys.readouterr().out) == [SESSION]


def test_a_session_id_the_store_does_not_have_is_one_sentence(store, capsys):
    assert run_command(show, "none;such") == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("none;such: neither a file nor one of the calls")
    assert captured.err.count("\n") == 1


def test_a_name_that_no_file_can_have_is_a_session_id(store, capsys):
    assert run_command(show, "x" * 5000) == 1
    assert run_command(show, "a\0b") == 1
    assert capsys.readouterr().err.count("neither a file") == 2


@pytest.mark.parametrize("flags", [(), ("--otlp",)])
def test_a_damaged_copy_in_the_store_is_one_sentence(store, capsys, flags, tmp_path):
    with sqlite3.connect(tmp_path / "state.db") as database:
        assert database.execute("update recent set traces = x'aabbccddeeff'").rowcount == 1
    assert run_command(show, SESSION, *flags) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"{SESSION}: The stored copy is damaged.")
    assert captured.err.count("\n") == 1


def test_a_file_that_is_not_there_is_not_taken_for_a_session_id(capsys):
    assert run_command(show, "no-such-call.json") == 1
    assert capsys.readouterr().err == "no-such-call.json: There is no such file.\n"


def test_otlp_prints_the_requests(store, capsys):
    assert run_command(show, SESSION, "--otlp") == 0
    traces, logs = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    spans = traces["resourceSpans"][0]["scopeSpans"][0]["spans"]
    records = logs["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    assert {member["traceId"] for member in (*spans, *records)} == {trace_id(SESSION)}
    assert len(records) == len(ENTRIES)


def test_otlp_that_was_printed_can_be_shown(tmp_path, two_calls, capsys):
    run_command(show, two_calls)
    drawn = capsys.readouterr().out
    run_command(show, two_calls, "--otlp")
    file = save(tmp_path, "printed.jsonl", capsys.readouterr().out)
    assert run_command(show, file) == 0
    assert capsys.readouterr().out == drawn


def test_lines_that_cannot_be_read_are_named_and_the_others_drawn(two_calls_as_lines, capsys):
    with open(two_calls_as_lines, "a", encoding="utf-8") as file:  # noqa: PTH123 - a name, not a path
        file.write("{}\n")
    assert run_command(show, two_calls_as_lines) == 1
    captured = capsys.readouterr()
    assert headings(captured.out) == ["a;1", "b;2"]
    assert captured.err == (f"{two_calls_as_lines}: line 5 is no export request of OTLP/JSON.\n")


def test_what_cannot_be_read_at_all_is_one_sentence(tmp_path, capsys):
    for file in (save(tmp_path, "x.json", "{nothing"), str(tmp_path)):
        assert run_command(show, file) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith(f"{file}: ")
        assert captured.err.count("\n") == 1


def test_a_file_without_a_call_says_so(tmp_path, capsys):
    file = save(tmp_path, "calls.json", {"calls": []})
    assert run_command(show, file) == 1
    assert capsys.readouterr().err == f"{file}: there is no call in it.\n"
