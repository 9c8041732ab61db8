"""Which entries and executions are kept, and what the tables of them take."""

from itertools import islice, product

import pytest
from support.builders.call_values import make_call, make_entry, make_log

from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.call import LogCompleteness
from fuse_otel.core.model.lane import Rendering
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.redaction_policy import Mode, Redaction
from fuse_otel.core.model.telemetry import Profile, Signal
from fuse_otel.core.redaction.compiled_entries import EntryTables

ANSWERS = (
    make_entry("No input", "menu", "main", "event"),
    make_entry("User input: 1 (dtmf)", "menu", "main", "event"),
    make_entry("Welcome", "menu", "main", "prompt", type="static", prompt_id="7"),
)


def tables_after(logs, *modes):
    """The tables after calls with these logs, sent with a redaction of each mode."""
    tables = EntryTables(b"key")
    renderings = [
        Rendering(f"{signal}/{mode}", signal, Profile.GENERIC, (), Redaction(mode))
        for signal in Signal
        for mode in modes or (Mode.STRICT,)
    ]
    renderer = Renderer(ModelOptions(), renderings, tables)
    for number, log in enumerate(logs):
        call = make_call(session_id=f"{number};001;1529552581")
        renderer.render(call, make_log(*log), LogCompleteness.FULL)
    return tables


def arrangements(places):
    """Executions of which no two are alike."""
    return islice(product(ANSWERS, repeat=places), 50)


def test_an_execution_is_kept_when_it_comes_again():
    assert len(tables_after(arrangements(6)).runs) < 10  # one of 256 hashes counts as seen
    assert len(tables_after([each for each in arrangements(6) for _ in range(4)]).runs) > 40


@pytest.mark.parametrize(("places", "kept"), [(32, 1), (33, 0)])
def test_an_execution_of_very_many_entries_is_not_kept(places, kept):
    log = (ANSWERS * places)[:places]
    assert len(tables_after([log] * 4).runs) == kept


def test_the_size_of_an_execution_counts_its_key():
    long = tables_after([(ANSWERS * 10)[:30]] * 4).runs
    short = tables_after([ANSWERS] * 4).runs
    assert (len(long), len(short)) == (1, 1)
    assert long.bytes - short.bytes >= 27 * (8 + 32)


@pytest.mark.parametrize(
    "modes", [(Mode.STRICT, Mode.STANDARD), (Mode.STRICT, Mode.OFF), tuple(Mode)]
)
def test_an_entry_counts_as_seen_for_its_own_redaction_alone(modes):
    prompts = [
        make_entry(f"Welcome {number}", "menu", "main", "prompt", type="static")
        for number in range(80)
    ]
    assert len(tables_after([prompts], *modes).entries) < 20
    assert len(tables_after([prompts] * 3, *modes).entries) > 70 * len(modes)
