"""``fuse-otel parked`` over a store that a daemon left."""

import io
import json
import os
import re
import sys
from contextlib import closing

import pytest
from support.builders.store_values import LOKI, NOW, TEMPO
from support.rigs.job_rig import park, telemetry

from fuse_otel.cli import main
from fuse_otel.store import open_store

CALLS = [f"3000{number:02};001;1529552581" for number in range(3)]


@pytest.fixture
def url(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith(("FUSE_OTEL_", "OTEL_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("time.time", lambda: NOW + 120.0)
    return f"sqlite:///{tmp_path / 'state.db'}"


@pytest.fixture
def store(url):
    with closing(open_store(url, capacity=10**9, clock=lambda: NOW)) as opened:
        yield opened


@pytest.fixture
def filled(store):
    park(store, TEMPO, CALLS[:2])
    park(store, LOKI, CALLS[2:])
    return store


@pytest.fixture
def parked(url, capsys):
    """Runs an action; its exit code, and what it printed."""

    def run(*words):
        code = main(["parked", *words, "--state-url", url])
        return code, *capsys.readouterr()

    return run


class Terminal(io.StringIO):
    """A standard input that is one, with an answer."""

    def isatty(self):
        return True


def test_the_list_is_a_table_newest_first(filled, parked):
    code, out, err = parked("list")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "ID  LANE          CALL                   PARKED     WHY",
        " 3  loki/logs     300002;001;1529552581  2 min ago  400 no",
        " 2  tempo/traces  300001;001;1529552581  2 min ago  400 no",
        " 1  tempo/traces  300000;001;1529552581  2 min ago  400 no",
    ]


def test_the_list_may_be_narrowed_and_says_what_it_leaves_out(filled, parked):
    code, out, _ = parked("list", "--limit", "1", "--destination", "tempo")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["ID", "2", "1"]
    assert out.splitlines()[-1] == "1 more: --limit 2 lists them all."
    assert len(parked("list", "--signal", "logs")[1].splitlines()) == 2


def test_the_list_as_json(filled, parked):
    code, out, _ = parked("list", "--json")
    assert code == 0
    first, *others = json.loads(out)
    assert len(others) == 2
    assert first == {
        "id": 3,
        "destination": "loki",
        "signal": "logs",
        "session_id": CALLS[2],
        "start": NOW - 60,
        "end": NOW,
        "items": 5,
        "rejected": 5,
        "code": "400",
        "reason": "no",
        "parked_at": NOW,
    }


@pytest.mark.parametrize(("flags", "out"), [((), "Nothing is parked.\n"), (("--json",), "[]\n")])
def test_an_empty_list(store, parked, flags, out):
    assert parked("list", *flags) == (0, out, "")


def test_a_parked_call_is_shown_with_the_words_of_the_destination(filled, parked):
    code, out, _ = parked("show", "1", "--color", "never")
    assert code == 0
    assert out.splitlines()[:6] == [
        "parked   1, 2026-09-21 14:13:20Z",
        "lane     tempo/traces",
        f"call     {CALLS[0]}",
        "refused  5 of 5 spans",
        "code     400",
        "reason   no",
    ]
    assert "rest look_up_claim" in out
    assert f"session  {CALLS[0]}" in out


def test_parked_logs_are_shown_as_their_lines(filled, parked):
    _, out, _ = parked("show", "3", "--color", "never")
    assert "refused  5 of 5 log records" in out
    assert "ERROR error: HTTP status 503" in out


def test_a_parked_call_as_otlp_json(filled, parked):
    code, out, _ = parked("show", "1", "--otlp")
    assert code == 0
    (group,) = json.loads(out)["resourceSpans"]
    assert len(group["scopeSpans"][0]["spans"]) == len(telemetry(CALLS[0]).spans)


def test_damaged_bytes_are_reported_as_damaged(filled, parked):
    with filled._database.write() as connection:
        connection.execute("update parked set data = x'00'")
    code, out, _ = parked("show", "1")
    assert code == 0
    assert out.endswith(
        "Nothing of the call is left to draw: the stored 1 byte hold no telemetry.\n"
    )
    assert parked("show", "1", "--otlp") == (0, "", "")


def test_a_call_that_is_not_parked_cannot_be_shown(filled, parked):
    code, out, err = parked("show", "99")
    assert (code, out) == (1, "")
    assert err.startswith("fuse-otel: Call 99 is not parked")


@pytest.mark.parametrize("action", ["replay", "drop"])
def test_parked_calls_have_to_be_named(filled, parked, action):
    for words in ([], ["--destination", "tempo"], ["1", "--all"]):
        code, _, err = parked(action, *words)
        assert (code, err) == (
            2,
            "fuse-otel: Name the parked calls: IDs as printed by `list`, or --all.\n",
        )


@pytest.mark.parametrize("action", ["replay", "drop"])
def test_an_id_that_is_not_there_stops_all_of_it(filled, parked, action):
    code, _, err = parked(action, "1", "98", "99")
    assert (code, err) == (1, "fuse-otel: Calls 98, 99 are not parked. Nothing was done.\n")
    code, _, err = parked(action, "1", "--signal", "logs")
    problem = "Call 1 is not parked for this destination and signal. Nothing was done."
    assert (code, err) == (1, f"fuse-otel: {problem}\n")
    assert filled.control.open_jobs() == ()


@pytest.mark.parametrize("words", [("replay", "--all"), ("drop", "--all", "--yes")])
def test_all_of_nothing_is_done_at_once(store, parked, words):
    assert parked(*words) == (0, "Nothing is parked.\n", "")


@pytest.mark.parametrize("stdin", [io.StringIO("y\n"), None])
def test_without_a_terminal_nobody_drops_all_without_yes(filled, parked, monkeypatch, stdin):
    monkeypatch.setattr(sys, "stdin", stdin)
    code, out, err = parked("drop", "--all", "--destination", "tempo")
    sentence = "drop --all deletes permanently: without a terminal it requires --yes."
    assert (code, out, err) == (2, "", f"fuse-otel: {sentence}\n")
    assert filled.control.open_jobs() == ()


@pytest.mark.parametrize("answer", ["", "n\n", "yess\n"])
def test_a_terminal_confirms_before_anything_is_dropped(filled, parked, monkeypatch, answer):
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    code, out, _ = parked("drop", "--all", "--destination", "tempo")
    assert code == 1
    assert out.startswith("Drop 2 parked calls permanently? [y/N] ")
    assert out.endswith("Nothing was dropped.\n")
    assert filled.control.open_jobs() == ()


@pytest.mark.parametrize("action", [("list",), ("replay", "--all"), ("drop", "--all", "--yes")])
def test_a_destination_that_nobody_knows_is_a_sentence(filled, parked, action):
    """``default`` is configured, the others have parked calls."""
    known = "default, loki, tempo"
    wanted = f"fuse-otel: --destination: jaeger is not configured; these are: {known}.\n"
    assert parked(*action, "--destination", "jaeger") == (2, "", wanted)
    assert filled.control.open_jobs() == ()


def test_nothing_may_be_parked_for_a_destination_that_is_configured(filled, parked):
    wanted = (0, "Nothing is parked.\n", "")
    assert parked("replay", "--all", "--destination", "default") == wanted


def test_a_store_that_is_not_there_is_a_sentence(url, parked):
    code, out, err = parked("list")
    assert (code, out) == (1, "")
    assert re.fullmatch(r"fuse-otel: There is no store at .*\n", err)


def test_actions_have_their_own_help(capsys):
    for action in ("list", "show", "replay", "drop"):
        assert main(["parked", action, "--help"]) == 0
        assert "--state-url" in capsys.readouterr().out
    assert main(["parked"]) == 2
