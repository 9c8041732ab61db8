"""The simulator's page names every switch with its default."""

import argparse
import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from fuse_otel.cli.commands import simulate
from fuse_otel.simulator.applications import EVERYDAY, LONG
from fuse_otel.simulator.faults import Fault, FaultKind
from fuse_otel.simulator.quirks import Quirks

PAGE = (Path(__file__).parents[3] / "docs" / "simulator.md").read_text()
ROWS = {
    name: cells[1].strip(" `")
    for line in PAGE.splitlines()
    if line.startswith("| ")
    for cells in [line.strip("|").split("|")]
    for name in re.findall(r"[\w-]+", cells[0].replace("`", "") if "`" in cells[0] else "")
}


@pytest.mark.parametrize("field", fields(Quirks), ids=lambda field: field.name)
def test_a_quirk_is_in_the_page_with_its_default(field):
    assert ROWS[field.name] == str(field.default).lower().removesuffix(".0")


@pytest.mark.parametrize("kind", FaultKind)
def test_a_kind_of_fault_is_in_the_page(kind):
    assert kind.value in ROWS


@pytest.mark.parametrize("field", fields(Fault)[1:], ids=lambda field: field.name)
def test_a_switch_of_a_fault_is_in_the_page(field):
    assert field.default is not MISSING
    default = ROWS[field.name]
    if field.default is not None:
        assert float(default) == field.default


def test_every_flag_is_in_the_page():
    parser = argparse.ArgumentParser(add_help=False)
    simulate.arguments(parser)
    for action in parser._actions:
        assert action.option_strings[0] in ROWS


@pytest.mark.parametrize("application", [*EVERYDAY, *LONG], ids=lambda each: each.name)
def test_an_application_is_in_the_page(application):
    assert f"\n| {application.name} | " in PAGE
