"""``fuse-otel erase``: what it removes, what it says, and how it ends."""

import io
import sys
from contextlib import closing

import pytest
from support.builders.store_values import NOW, recent, seen, step

from fuse_otel.cli import main
from fuse_otel.store import open_store

CALL, OTHER = "300000;001;1529552581", "300001;001;1529552581"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def url(tmp_path):
    url = f"sqlite:///{tmp_path / 'state.db'}"
    with closing(open_store(url, capacity=10**9, clock=lambda: NOW)) as store:
        calls = [
            recent(one, account="main", traces=b"private " + one.encode() * 40)
            for one in (CALL, OTHER)
        ]
        lease = store.ledger.lease("main")
        lease.commit(step(seen=[seen(CALL), seen(OTHER)], recent=calls))
    return url


@pytest.fixture
def erase(url, capsys, monkeypatch):
    def run(*words, answer=None):
        monkeypatch.setattr(sys, "stdin", io.StringIO() if answer is None else Terminal(answer))
        code = main(["erase", *words, "--state-url", url])
        return code, *capsys.readouterr()

    return run


def held(url):
    with closing(open_store(url, capacity=10**9, clock=lambda: NOW)) as store:
        return [one.session_id for one in store.control.recent(9)]


def test_a_call_is_erased_and_its_trace_is_named(erase, url, capsys):
    main(["trace-id", CALL])
    trace = capsys.readouterr().out.strip()
    code, out, err = erase(CALL)
    assert (code, err) == (0, "")
    assert out == (
        f"{CALL}: Erased: 1 copy of the pages. The call is not read again. No destination has"
        f" received calls from this store. Trace id in the destinations: {trace}.\n"
    )
    assert held(url) == [OTHER]


def test_no_byte_of_it_is_left_on_the_disk(erase, url, tmp_path):
    def found(session_id):
        wanted = session_id.encode() * 2
        return [file.name for file in tmp_path.iterdir() if wanted in file.read_bytes()]

    assert found(CALL)
    assert erase(CALL)[0] == 0
    assert not found(CALL)
    assert found(OTHER)


def test_a_call_that_is_not_there_is_reported(erase, url):
    code, out, err = erase(CALL, "unknown", CALL)
    assert code == 1
    assert out.startswith(f"{CALL}: Erased")
    assert "fuse-otel: unknown: The store holds nothing of this call" in err
    assert held(url) == [OTHER]


@pytest.mark.parametrize(
    ("answer", "left"), [("y\n", []), ("n\n", [OTHER, CALL]), ("", [OTHER, CALL])]
)
def test_a_terminal_needs_a_confirmation(erase, url, answer, left):
    code, out, _ = erase(CALL, OTHER, answer=answer)
    assert "Erase 2 calls from the store permanently? [y/N]" in out
    assert (code, held(url)) == (0 if not left else 1, left)


def test_yes_asks_nothing(erase, url):
    assert "[y/N]" not in erase(CALL, "--yes", answer="")[1]
    assert held(url) == [OTHER]


def test_an_empty_id_is_a_usage_error(erase):
    assert erase("")[0] == 2
