"""``fuse-otel calls`` and ``fuse-otel tail``: what they list and follow, and how they end."""

import json
from contextlib import closing

import pytest
from support.builders.store_values import NOW, recent, step
from support.rigs.web_site import indexed_call

from fuse_otel.cli import main
from fuse_otel.store import open_store

FAILED, FINE, LATER = "300060;001;1529552581", "300060;002;1529552582", "300060;003;1529552583"


def call(session_id, **changed):
    return indexed_call(recent(session_id, error=session_id == FAILED), **changed)


@pytest.fixture
def store(tmp_path):
    url = f"sqlite:///{tmp_path / 'state.db'}"
    with closing(open_store(url, capacity=10**9, clock=lambda: NOW)) as opened:
        opened.url = url
        yield opened


@pytest.fixture
def filled(store):
    calls = [call(FAILED, start=NOW - 60), call(FINE, start=NOW - 90, application="\x1b[31msales")]
    store.ledger.lease("main").commit(step(indexed=calls))
    return store


@pytest.fixture
def command(filled, capsys):
    def run(*words):
        code = main([*words, "--state-url", filled.url])
        return code, *capsys.readouterr()

    return run


def ids(out):
    return [json.loads(line)["session_id"] for line in out.splitlines()]


def test_calls_are_listed_newest_first_without_control_characters(command):
    code, out, _ = command("calls")
    head, first, second = out.splitlines()
    assert code == 0
    assert head.split() == [
        "STARTED",
        "OUTCOME",
        "APPLICATION",
        "FAILED",
        "IN",
        "LASTED",
        "SESSION",
    ]
    assert all(word in first for word in (FAILED, "completed", "rest look_up_claim 503", "1 min"))
    assert FINE in second
    assert "\x1b" not in out


def test_calls_as_json_have_the_form_of_the_page(command):
    code, out, _ = command("calls", "--json")
    assert code == 0
    first = json.loads(out.splitlines()[0])
    assert (first["session_id"], first["account"], first["error"]) == (FAILED, "main", True)
    assert (first["failed_module"], first["error_type"]) == ("rest look_up_claim", "503")
    assert (first["start"], first["end"]) == (NOW - 60, NOW)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], [FAILED, FINE]),
        (["--limit", "1"], [FAILED]),
        (["--error"], [FAILED]),
        (["--application", "claims line"], [FAILED]),
        (["--account", "other"], []),
        (["--module", "rest look_up_claim"], [FAILED, FINE]),
        (["--from", str(NOW - 60)], [FAILED]),
        (["--to", str(NOW - 60)], [FINE]),
        (["--outcome", "completed", "--direction", "inbound"], [FAILED, FINE]),
        (["--outcome", "hangup"], []),
        ([FINE], [FINE]),
    ],
)
@pytest.mark.parametrize("name", ["calls", "tail"])
def test_filters_choose_calls(command, monkeypatch, name, words, expected):
    monkeypatch.setattr("time.sleep", interrupt)
    if name == "tail":
        words = ["--last" if word == "--limit" else word for word in words]
        expected = expected[::-1] if "--last" in words else expected
        expected = [FINE] if "--last" in words else expected
    _, out, _ = command(name, "--json", *words)
    assert ids(out) == expected


@pytest.mark.parametrize("name", ["calls", "tail"])
def test_a_wrong_time_is_a_sentence_with_its_flag(command, name):
    code, out, err = command(name, "--from", "soon", "--to", "later")
    assert (code, out) == (2, "")
    assert err.splitlines()[0].startswith('fuse-otel: --from: "soon" is no time.')
    assert err.splitlines()[1].startswith('fuse-otel: --to: "later" is no time.')


@pytest.mark.parametrize("name", ["calls", "tail"])
def test_a_missing_store_is_a_sentence(capsys, tmp_path, name):
    assert main([name, "--state-url", f"sqlite:///{tmp_path / 'none.db'}"]) == 1
    assert "There is no store" in capsys.readouterr().err


def test_a_list_without_a_call_is_a_sentence(command):
    assert command("calls", "--outcome", "unknown")[1] == "No call matches.\n"


def interrupt(_seconds):
    raise KeyboardInterrupt


def test_tail_shows_each_later_call_once(command, filled, monkeypatch):
    looks = []

    def store_one_more(_seconds):
        looks.append(1)
        if len(looks) > 2:
            raise KeyboardInterrupt
        lease = filled.ledger.lease("main")
        if len(looks) == 1:
            lease.commit(step(indexed=[call(LATER, start=NOW - 500)]))
        else:
            filled.control.erase(LATER, NOW)
            lease.commit(step(indexed=[call(FAILED, outcome="hangup")]))

    monkeypatch.setattr("time.sleep", store_one_more)
    code, out, _ = command("tail", "--json")
    assert code == 130
    assert ids(out) == [FAILED, FINE, LATER]


@pytest.mark.parametrize("between", ["nothing", "an empty file"])
def test_tail_goes_on_while_a_daemon_replaces_the_store(
    command, filled, monkeypatch, tmp_path, between
):
    file = tmp_path / "state.db"

    def move_aside():
        filled.close()
        for each in tmp_path.glob("state.db*"):
            each.rename(tmp_path / f"aside-{each.name}")
        if between == "an empty file":
            file.touch()

    def replace():
        with closing(open_store(filled.url, capacity=10**9, clock=lambda: NOW)) as store:
            store.ledger.lease("main").commit(step(indexed=[call(LATER, start=NOW - 30)]))

    steps = [move_aside, replace, lambda: interrupt(0)]
    monkeypatch.setattr("time.sleep", lambda _seconds: steps.pop(0)())
    code, out, err = command("tail", "--json")
    assert (code, err) == (130, "")
    assert ids(out) == [FAILED, FINE, LATER]


def test_tail_draws_a_line_a_call(command, monkeypatch):
    monkeypatch.setattr("time.sleep", interrupt)
    code, out, _ = command("tail", "--last", "2")
    assert code == 130
    assert len(out.splitlines()) == 2
    assert out.splitlines()[0].endswith(f"rest look_up_claim 503  1 min  {FAILED}")


def test_tail_ends_when_its_reader_has_ended(command, monkeypatch):
    monkeypatch.setattr("fuse_otel.cli.commands.tail.print_lines", lambda _lines: False)
    assert command("tail")[0] == 1
