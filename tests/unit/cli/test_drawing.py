"""A call drawn in a terminal."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fuse_otel.cli.terminal.call_tree import NARROWEST, draw
from fuse_otel.cli.terminal.text import columns
from fuse_otel.views.call_tree import CallTree, TreeExecution, TreeRecord

SECOND = 10**9
START = 1_529_552_691 * SECOND


def execution(name, start, end, *, error=False, kind=1, records=()):
    times = START + int(start * SECOND), START + int(end * SECOND)
    return TreeExecution(name, kind, *times, error, {}, tuple(records))


def record(at, severity, text, body):
    return TreeRecord(START + int(at * SECOND), severity, text, body, {})


CALL = CallTree(
    trace_id="5b8aa5a2d2c872e8321cf37308d69df2",
    session_id="300060;001;1529552581",
    name="call claims line",
    start=START,
    end=START + 100 * SECOND,
    error=True,
    attributes={"fuse.call.direction": "inbound", "fuse.call.outcome": "completed"},
    resource={"service.name": "claims line", "service.version": "1.4"},
    executions=(
        execution("start start", 0, 0),
        execution("menu main_menu", 0, 25, records=[record(3, 9, "INFO", "User input: [1 digit]")]),
        execution(
            "rest lookup",
            25,
            75,
            error=True,
            kind=3,
            records=[record(25, 5, "DEBUG", "Asking"), record(75, 17, "ERROR", "Timed out")],
        ),
        execution("exit hangup", 75, 100),
    ),
)

DRAWN = """\
claims line 1.4 · ERROR · inbound · completed · 1 min 40 s
  started  2018-06-21 03:44:51Z
  session  300060;001;1529552581
  trace    5b8aa5a2d2c872e8321cf37308d69df2

├─ start start     ▏                                     0:00         0 s
├─ menu main_menu  ████████                              0:00        25 s
├─ rest lookup             ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓              0:25        50 s  ERROR
│     1:15 ERROR Timed out
└─ exit hangup                             █████████     1:15        25 s"""


def test_a_call_is_drawn_on_a_bar_of_time():
    assert draw(CALL) == DRAWN


def test_with_records_every_record_stands_under_its_execution():
    lines = draw(CALL, records=True).splitlines()
    assert [line.split(maxsplit=2)[2] for line in lines if line.startswith("│")] == [
        "INFO  User input: [1 digit]",
        "DEBUG Asking",
        "ERROR Timed out",
    ]


def test_colour_changes_nothing_but_colour():
    coloured = draw(CALL, colour=True, records=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == draw(CALL, records=True)
    assert "\x1b[1;31mrest lookup" in coloured
    assert "\x1b[1;31mTimed out" in coloured


def test_without_colour_there_is_no_escape_at_all():
    assert "\x1b" not in draw(CALL, records=True)


def test_a_narrow_terminal_loses_the_bar_but_no_figure():
    lines = draw(CALL, width=NARROWEST).splitlines()
    assert lines[5] == "├─ start start        0:00         0 s"
    assert lines[7].endswith("0:25        50 s  ERROR")


@pytest.mark.parametrize(
    ("details", "sentence"),
    [
        ("none", "Nothing was logged for this call."),
        ("expired", "The log of this call had expired when it was read."),
        ("missing", "The API did not return this call's log."),
        ("full", "No execution of a module is known."),
    ],
)
def test_a_call_without_executions_says_why(details, sentence):
    tree = replace(CALL, executions=(), attributes={"fuse.details": details})
    lines = draw(tree).splitlines()
    assert lines[4] == f"  details  {details}"
    assert lines[-1] == sentence


def test_what_is_unknown_is_not_made_up():
    tree = CallTree("", "", "call", 0, 0, error=False, attributes={}, resource={}, executions=())
    assert draw(tree).splitlines()[:4] == [
        "call · 0 s",
        "  started  unknown",
        "  session  unknown",
        "  trace    unknown",
    ]


def test_records_of_no_execution_stand_at_the_end():
    tree = replace(CALL, records=(record(99, 17, "ERROR", "Lost"),))
    assert draw(tree).splitlines()[-1] == "   1:39 ERROR Lost"


def test_a_long_name_leaves_the_result_in_the_line():
    tree = replace(CALL, resource={"service.name": "claims " * 40})
    first = draw(tree).splitlines()[0]
    assert first.startswith("claims claims")
    assert first.endswith("… · ERROR · inbound · completed · 1 min 40 s")
    assert columns(first) == 80


@pytest.mark.parametrize(
    ("seconds", "offset", "duration"),
    [
        (0.04, "0:00", "0 s"),
        (7.26, "0:07", "7.3 s"),
        (59.44, "0:59", "59 s"),
        (59.96, "0:59", "1 min"),
        (125, "2:05", "2 min 5 s"),
        (3725, "1:02:05", "1 h 2 min"),
        (360_000, "100:00:00", "4 d 4 h"),
    ],
)
def test_offsets_and_durations(seconds, offset, duration):
    first = execution("a", 0, seconds)
    second = execution("b", seconds, seconds)
    lines = draw(replace(CALL, executions=(first, second))).splitlines()
    assert lines[-2].endswith(duration)
    assert f" {offset} " in lines[-1]


def test_severities_have_their_colours():
    levels = [(5, "DEBUG", "2"), (9, "INFO", ""), (13, "WARN", "33"), (17, "ERROR", "1;31")]
    for number, word, ink in levels:
        tree = replace(CALL, executions=(), records=(record(1, number, word, "text"),))
        last = draw(tree, colour=True, records=True).splitlines()[-1]
        assert last.endswith(f"\x1b[{ink}mtext\x1b[0m" if ink else " text")


HOSTILE = st.text(st.one_of(st.characters(), st.sampled_from("\x1b\x07\n漢😀\u202e\u0301")))
TIMES = st.integers(-(10**20), 10**20)
PLAIN = st.one_of(HOSTILE, st.integers(), st.none(), st.booleans())
SHOWN = ("fuse.call.direction", "fuse.call.outcome", "fuse.details", "service.name")
ATTRIBUTES = st.fixed_dictionaries({}, optional=dict.fromkeys(SHOWN, PLAIN))
RECORDS = st.builds(TreeRecord, TIMES, st.integers(0, 24), HOSTILE, HOSTILE, st.just({}))
EXECUTIONS = st.builds(
    TreeExecution,
    HOSTILE,
    st.integers(0, 5),
    TIMES,
    TIMES,
    st.booleans(),
    st.just({}),
    st.lists(RECORDS, max_size=2).map(tuple),
)
TREES = st.builds(
    CallTree,
    HOSTILE,
    HOSTILE,
    HOSTILE,
    TIMES,
    TIMES,
    st.booleans(),
    ATTRIBUTES,
    ATTRIBUTES,
    st.lists(EXECUTIONS, max_size=4).map(tuple),
    st.lists(RECORDS, max_size=2).map(tuple),
)


@given(TREES, st.integers(0, 120), st.booleans())
def test_whatever_a_call_holds_lines_fit_and_nothing_controls_the_terminal(tree, width, records):
    drawn = draw(tree, width=width, records=records)
    lines = drawn.split("\n")
    assert all(columns(line) <= max(width, NARROWEST) for line in lines)
    assert all(line.isprintable() for line in lines)
    shown = len(tree.executions) + (
        sum(len(e.records) for e in tree.executions) + len(tree.records) if records else 0
    )
    assert len(lines) >= 4 + shown
