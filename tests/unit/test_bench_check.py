"""When ``make bench-check`` fails."""

import json

from benchmarks.table import SDK, STORED, main, ratios, worse


def test_a_ratio_is_a_multiple_of_the_cost_of_the_sdk_in_the_same_run():
    assert ratios({"pure code": 30.0, SDK: 60.0}) == {"pure code": 0.5, SDK: 1.0}


def test_a_row_fails_that_costs_more_than_20_percent_more_or_is_missing():
    stored = {"pure code": 1.0, "backlog": 1.0, "live": 1.0}
    found = {"pure code": 1.19, "backlog": 1.21}
    assert worse(found, stored) == ["backlog: 1.21 instead of 1.0", "live: None instead of 1.0"]


def test_the_stored_ratios_do_not_fail_themselves():
    stored = json.loads(STORED.read_text())
    assert worse(stored, stored) == []
    assert worse({name: 1.3 * ratio for name, ratio in stored.items()}, stored)


def test_an_unknown_option_measures_nothing(capsys):
    assert main("--chek") == 2
    assert "[--check | --write]" in capsys.readouterr().err
