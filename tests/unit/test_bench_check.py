"""When ``make bench-check`` fails, and what the options of the table say."""

import json

import pytest

from benchmarks import table
from benchmarks.rows import COLLECTOR, CONVENTIONAL, Group
from benchmarks.table import STORED, compared, main, ratios, worse


def rows(**costs):
    return {name.replace("_", " "): {"µs": cost} for name, cost in costs.items()}


def test_a_ratio_is_a_multiple_of_the_cost_of_the_conventional_way_in_the_same_run():
    found = rows(decode=30.0, ship=None) | {CONVENTIONAL: {"µs": 60.0}}
    assert ratios(found) == {"decode": 0.5, CONVENTIONAL: 1.0}


def test_a_row_fails_that_costs_more_than_20_percent_more_or_is_missing():
    stored = {"decode": 1.0, "backlog": 1.0, "live": 1.0}
    found = {"decode": 1.19, "backlog": 1.21}
    assert worse(found, stored) == ["backlog: 1.21 instead of 1.0", "live: None instead of 1.0"]


def test_the_stored_ratios_do_not_fail_themselves():
    stored = ratios(json.loads(STORED.read_text())["cpu"])
    assert worse(stored, stored) == []
    assert worse({name: 1.3 * ratio for name, ratio in stored.items()}, stored)


def test_a_row_whose_program_is_missing_here_is_not_compared():
    here = rows(decode=6.0) | {CONVENTIONAL: {"µs": 60.0}, COLLECTOR: {"µs": None}}
    stored = rows(decode=5.5) | {CONVENTIONAL: {"µs": 60.0}, COLLECTOR: {"µs": 20.0}}
    assert compared(here, stored) == []
    assert compared(here | rows(decode=7.0), stored) == ["decode: 0.117 instead of 0.092"]


@pytest.mark.parametrize("words", [["--chek"], ["memry"], ["--check", "--write"]])
def test_an_unknown_option_or_group_measures_nothing(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage: python -m benchmarks.table" in capsys.readouterr().err


def test_each_group_is_printed_and_kept_before_the_next_one_is_measured(monkeypatch, capsys):
    written = []

    def broken(_size):
        raise RuntimeError("a call is missing")

    monkeypatch.setattr(table, "write", written.append)
    groups = {
        "polls": Group("polls", lambda _: {"a poll": {"ms": 3.0}}),
        "cpu": Group("cpu", broken),
    }
    monkeypatch.setattr(table, "GROUPS", groups)
    with pytest.raises(RuntimeError, match="a call is missing"):
        main(["--write", "polls", "cpu"])
    assert "| a poll | 3.0 |" in capsys.readouterr().out
    (kept,) = written
    assert kept["polls"] == {"a poll": {"ms": 3.0}}
    assert kept["run"].keys() == {"date", "python", "cores", "processor", "load", "rounds", "calls"}
