"""The call flow as values: queries, shares, what is folded, and the forms for other programs."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.builders.flow_values import runs

from fuse_otel.core.model.call_flow import CallFlow, path_text, read_path
from fuse_otel.core.model.telemetry import ModuleRun
from fuse_otel.errors import WrongQuery
from fuse_otel.ports import FlowQuery
from fuse_otel.views.flow import (
    FlowReport,
    flow_json,
    flow_side,
    percent,
    read_flow_request,
)
from fuse_otel.views.flow_formats import dot, mermaid, module_table, step_table
from fuse_otel.views.flow_picture import MOST_MODULES, MOST_STEPS, not_drawn, picture_of

NOW = 1_790_000_000.0
WAYS = (
    *((("start start", "menu main?", "exit end"), False),) * 150,
    *((("start start", "menu main", "rest look_up!"), True),) * 49,
    (("start start", "prompt rare", "exit end"), False),
)


def flow_of(*calls):
    flow = CallFlow()
    for steps, lost in calls:
        made = runs(*steps, seconds=4)
        names = tuple(dict.fromkeys(run.module for run in made))
        flow.add(read_path(names, path_text(made), lost=lost))
    return flow


def report_of(*calls, compared=None):
    other = None if compared is None else flow_side(flow_of(*compared))
    return FlowReport("claims line", flow_side(flow_of(*calls)), other)


@pytest.fixture(scope="module")
def report():
    return report_of(*WAYS)


def test_json_has_the_documented_form():
    made = flow_json(
        report_of((("start start", "menu main?"), True), (("start start", "exit end!"), False))
    )
    assert made == {
        "application": "claims line",
        "calls": 2,
        "nodes": [
            {
                "module_type": module_type, "module": module, "executions": executions,
                "lost": lost, "errors": errors, "median_seconds": 4.0,
            }
            for module_type, module, executions, lost, errors in (
                ("start", "start", 2, 0, 0), ("menu", "main", 1, 1, 0), ("exit", "end", 1, 0, 1),
            )
        ],
        "edges": [
            {"from": "start start", "to": "menu main", "count": 1},
            {"from": "start start", "to": "exit end", "count": 1},
        ],
    }  # fmt: skip


def test_json_of_two_sides_has_the_other_one_too():
    made = flow_json(report_of(compared=[(("start start",), True)]))
    assert (made["calls"], made["nodes"]) == (0, [])
    assert made["compared"]["calls"] == 1


def test_what_is_below_one_per_cent_is_folded(report):
    picture = picture_of(report)
    assert [*picture.modules] == ["start start", "menu main", "exit end", "rest look_up"]
    assert ("start start", "prompt rare") not in picture.steps
    assert (picture.folded_modules, picture.folded_steps) == (1, 2)


def test_what_is_usual_on_one_side_only_is_drawn():
    picture = picture_of(report_of(*WAYS, compared=[(("start start", "prompt rare"), True)]))
    assert "prompt rare" in picture.modules
    assert picture.steps["start start", "prompt rare"].shares == (0.005, 1.0)
    assert picture.steps["start start", "menu main"].shares == (0.995, 0.0)


def test_a_flow_of_many_modules_is_bounded():
    names = [f"prompt p{number}" for number in range(400)]
    picture = picture_of(report_of((names, True)))
    assert len(picture.modules) == MOST_MODULES
    assert len(picture.steps) <= MOST_STEPS
    assert picture.folded_modules == 100
    assert not_drawn(picture) == (
        "A picture has at most 300 modules and 900 steps."
        " Not drawn: the rarest 100 modules and 100 steps."
    )


def test_a_flow_of_many_steps_is_bounded():
    names = [f"prompt p{number}" for number in range(40)]
    ways = [name for one in names for other in names for name in (one, other)]
    picture = picture_of(report_of((ways, True)))
    assert picture.folded_modules == 0
    assert len(picture.steps) == MOST_STEPS
    assert not_drawn(picture).startswith("A picture has at most 300 modules and 900 steps.")


def test_all_that_is_drawn_needs_no_sentence():
    picture = picture_of(report_of((["start start", "exit end"], False)))
    assert not_drawn(picture) == ""


def test_the_table_begins_where_most_callers_are_lost(report):
    first = [cell.text for cell in module_table(report).rows[0]]
    assert first == ["rest look_up", "49", "100 %", "49", "24 %", "4 s", "100 %", "0 %"]
    assert [cell.text for cell in step_table(report).rows[0]] == [
        "start start", "menu main", "199", "100 %",
    ]  # fmt: skip


def test_the_tables_of_two_sides_have_both():
    compared = report_of(*WAYS, compared=[(("start start", "exit end"), False)])
    rows = {row[0].text: [cell.text for cell in row] for row in module_table(compared).rows}
    assert rows["start start"][3] == "1 → 200"
    assert rows["menu main"][1] == "0 → 0"
    assert ["start start", "menu main", "199", "0 % → 100 %"] in [
        [cell.text for cell in row] for row in step_table(compared).rows
    ]


def test_the_tables_have_what_only_the_compared_side_has():
    compared = report_of(
        (("start start", "exit end"), False),
        compared=[(("start start", "menu dropped"), True), (("start start", "exit end"), False)],
    )
    rows = [[cell.text for cell in row] for row in module_table(compared).rows]
    assert rows[-1] == [
        "menu dropped", "1 → 0", "100 % → 0 %", "1 → 0", "50 % → 0 %", "4 s → \N{EN DASH}",
        "0 % → 0 %", "0 % → 0 %",
    ]  # fmt: skip
    assert [cell.text for cell in step_table(compared).rows[-1]] == [
        "start start", "menu dropped", "0", "50 % → 0 %",
    ]  # fmt: skip


def test_mermaid_has_a_line_for_each_module_and_step(report):
    lines = list(mermaid(report))
    assert lines[0] == "flowchart TD"
    assert "  %% Not drawn, as below 1 % of the calls: 1 module and 2 steps." in lines
    assert '  m3["rest look_up<br/>49 · 24 % · 4 s<br/>49 lost"]:::lost' in lines
    assert '  m0 -->|"100 %"| m1' in lines


def test_dot_has_a_line_for_each_module_and_step(report):
    lines = list(dot(report))
    assert lines[0] == 'digraph "claims line" {'
    assert '  m3 [label="rest look_up\\n49 · 24 % · 4 s\\n49 lost", color="#c2212e"]' in lines
    assert '  m0 -> m1 [label="100 %", penwidth=5.0]' in lines
    assert lines[-1] == "}"


@pytest.mark.parametrize(
    "name",
    [
        '"]; x',
        "a\nb",
        "\\",
        "<script>",
        "%%{init}%%",
        "%%{x: -",
        "#quot;",
        "`b`",
        "\x1b[31m",
        "\u202ex",
    ],
)
def test_hostile_names_stay_inside_of_their_labels(name):
    steps = (ModuleRun("menu", name, error=False, seconds=0.0),)
    flow = CallFlow()
    flow.add(read_path((steps[0].module,), path_text(steps), lost=False))
    report = FlowReport(name, flow_side(flow))
    (label,) = (line for line in mermaid(report) if line.startswith("  m0["))
    assert re.fullmatch(r'  m0\["[^"<>`]*<br/>[^"<>`]*"\]', label)
    assert all(line.isprintable() for line in [*mermaid(report), *dot(report)])
    for line in dot(report):
        assert re.sub(r"\\.", "", line).count('"') % 2 == 0


@pytest.mark.parametrize("character", [chr(code) for code in range(32, 127)])
def test_a_name_gives_mermaid_nothing_to_interpret(character):
    """A pair of each character, where Mermaid's syntax begins with two, and beside words of it."""
    name = f"style {2 * character}{{x: -{character}#quot;"
    steps = (ModuleRun("menu", name, error=False, seconds=0.0),)
    flow = CallFlow()
    flow.add(read_path((steps[0].module,), path_text(steps), lost=False))
    text = "\n".join(mermaid(FlowReport("claims line", flow_side(flow))))
    (shown,) = re.findall(r'm0\["(.*?)<br/>', text)
    assert not set(re.sub(r"#\d+;", "", shown)) & set("%{}:;#`\"'<>&$@\\|~*^")
    written = re.sub(r"#(\d+);", lambda found: chr(int(found[1])), shown)
    assert written == " ".join(f"menu {name}".split())
    assert not re.search(r"%%\s*\{|(?:style|classDef).*:\S*#.*;", text)


def test_shares_are_whole_per_cents_and_nothing_is_only_nothing():
    assert [percent(share) for share in (0, 0.001, 0.005, 0.3349, 2.17)] == [
        "0 %", "<1 %", "<1 %", "33 %", "217 %",
    ]  # fmt: skip


@given(st.floats(0, 3))
def test_only_nothing_is_zero_per_cent(share):
    assert (percent(share) == "0 %") == (share == 0)


def test_modules_with_the_same_name_are_one():
    flow = CallFlow()
    for module in (("a b", "c"), ("a", "b c")):
        steps = [ModuleRun(*each, error=False, seconds=4) for each in (module, ("exit", "end"))]
        names = [run.module for run in steps]
        flow.add(read_path(names, path_text(steps), lost=False))
    made = flow_json(FlowReport("claims line", flow_side(flow)))
    assert [(each["module"], each["executions"]) for each in made["nodes"]] == [
        ("c", 2), ("end", 2),
    ]  # fmt: skip
    assert made["edges"] == [{"from": "a b c", "to": "exit end", "count": 2}]
    assert (flow.calls, len(flow.places)) == (2, 3)


def test_a_request_compares_with_what_differs():
    made = read_flow_request(
        "a", {"from": "1h", "version": "2", "outcome": "hangup", "compare_version": "1"}, NOW
    )
    assert made.query == FlowQuery("a", NOW - 3_600, None, "", "2", "hangup")
    assert made.compared == FlowQuery("a", NOW - 3_600, None, "", "1", "hangup")
    made = read_flow_request("a", {"version": "2", "compare_from": "2d", "compare_to": "1d"}, NOW)
    assert made.compared == FlowQuery("a", NOW - 172_800, NOW - 86_400, "", "2", "")
    assert read_flow_request("a", {"from": " "}, NOW).compared is None


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ({"from": "yesterday"}, 'from: "yesterday" is no time.'),
        ({"outcome": "lost"}, 'outcome: "lost" is not one of completed'),
        ({"from": "1h", "to": "2h"}, 'to: "2h" is not after from.'),
        ({"compare_from": "1h", "compare_to": "2h"}, 'compare_to: "2h" is not after compare_from.'),
    ],
)
def test_a_wrong_filter_is_named(texts, sentence):
    with pytest.raises(WrongQuery, match=re.escape(sentence)):
        read_flow_request("a", texts, NOW)
