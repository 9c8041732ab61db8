"""docs/performance.md and its picture are what the stored figures say."""

import json
from xml.etree import ElementTree as ET

import pytest

from benchmarks.page import PAGE, goals, table, written
from benchmarks.picture import PICTURE, draw
from benchmarks.rows import COLLECTOR, CONVENTIONAL, GROUPS, WHOLE
from benchmarks.table import STORED

FIGURES = json.loads(STORED.read_text())


def cost(microseconds, calls=None):
    return {"µs": microseconds, "calls/s": calls}


def test_the_page_has_the_stored_figures():
    assert PAGE.read_text() == written(PAGE.read_text(), FIGURES)


def test_the_picture_is_drawn_from_the_stored_figures():
    assert PICTURE.read_text() == draw(FIGURES["cpu"])


def test_every_group_was_measured():
    assert FIGURES.keys() == {"run", *GROUPS}


def test_a_row_has_its_ratios_to_both_other_ways():
    rows = {WHOLE: cost(40.0, 1000.0), CONVENTIONAL: cost(80.0), COLLECTOR: cost(20.0)}
    assert f"| {WHOLE} | 40.0 | 1,000 | 0.50 | 2.00 |" in table("cpu", rows).splitlines()


def test_a_collector_that_is_not_built_is_named_and_has_no_figures():
    rows = {WHOLE: cost(40.0, 1000.0), CONVENTIONAL: cost(80.0), COLLECTOR: cost(None)}
    (line,) = [line for line in table("cpu", rows).splitlines() if COLLECTOR in line]
    assert "make back-ends" in line
    assert not any(character.isdigit() for character in line)


def test_a_goal_is_reached_missed_or_not_measured():
    rows = {WHOLE: cost(18.0, 2500.0), COLLECTOR: cost(20.0), CONVENTIONAL: cost(60.0)}
    lines = goals({"cpu": rows}).splitlines()
    ends = {line.split("|")[1].strip(): line.split("|")[3].strip() for line in lines[2:]}
    assert ends["whole path, as a multiple of the Collector: at most 1"] == "yes"
    assert ends["calls a second and core: at least 2,000"] == "yes"
    assert ends["whole path, as a multiple of the conventional way: at most 0.2"] == "no"
    assert ends["start to the first request: at most 1 s"] == "not measured"


def test_a_page_without_a_place_for_a_group_is_an_error():
    page = PAGE.read_text().replace("<!-- figures: growth -->", "")
    with pytest.raises(ValueError, match="0 places for the figures of growth"):
        written(page, FIGURES)


def test_the_bars_are_as_long_as_their_figures():
    rows = {WHOLE: cost(40.0), "decode": cost(10.0), CONVENTIONAL: cost(80.0)}
    drawn = ET.fromstring(draw(rows))  # noqa: S314 - our own text
    svg = "{http://www.w3.org/2000/svg}"
    bars = [
        [float(box.get("width")) for box in group.findall(f"{svg}rect")]
        for group in drawn.findall(f"{svg}g")
    ]
    stages, (other,) = bars
    assert stages[0] == pytest.approx(other / 8, abs=0.1)
    assert sum(stages) == pytest.approx(other / 2, abs=0.2)
