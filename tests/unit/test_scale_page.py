"""docs/scale.md is what the stored figures and the formulas say."""

import json

import pytest

from benchmarks.scale import GROUPS
from benchmarks.scale_page import (
    HEADS,
    PAGE,
    STORED,
    VOLUMES,
    Costs,
    account_limit,
    limits,
    main,
    volumes,
    written,
)
from fuse_otel.poller.options import PollerOptions

FIGURES = json.loads(STORED.read_text())
COSTS = Costs(
    replica=0.002,
    database=0.001,
    transactions=0.5,
    rows=20.0,
    log_bytes=10_000,
    ledger_bytes=500,
    waiting_bytes=2_500,
)


def cells(table):
    lines = [line.strip("|").split("|") for line in table.splitlines()[2:]]
    return {line[0].strip(): [cell.strip() for cell in line[1:]] for line in lines}


def test_the_page_has_the_stored_figures():
    assert PAGE.read_text() == written(PAGE.read_text(), FIGURES)
    assert FIGURES.keys() == {"run", *GROUPS} == {"run", *HEADS}


def test_the_formulas_are_filled_in_for_each_volume():
    found = cells(volumes(COSTS))
    assert VOLUMES == (1_000_000, 10_000_000, 100_000_000)
    assert found["calls a second in the busiest hour"][1:] == ["35", "347", "3,472"]
    assert found["cores of all replicas then"][1:] == ["0.1", "0.7", "6.9"]
    assert found["replicas, with one to spare"][1:] == ["2", "2", "8"]
    assert found["connections"][1:] == ["20", "20", "80"]
    assert found["cores of the database then"][1:] == ["0.0", "0.3", "3.5"]
    assert found["rows written a second then"][1:] == ["694", "6,944", "69,444"]
    assert found["write-ahead log a day"][1:] == ["10.0 GB", "100.0 GB", "1,000.0 GB"]
    assert found["ledger"][1:] == ["3.5 GB", "35.0 GB", "350.0 GB"]


def test_the_bound_of_an_account_is_that_of_the_settings_of_a_poller():
    options = PollerOptions("main")
    calls = 3 * account_limit()  # in the busiest hour
    lists = calls / 24 / options.list_limit
    logs = calls * options.poll_interval / 86_400 / options.bulk_limit
    budget = options.requests_per_second * options.poll_interval
    assert lists + logs == pytest.approx(budget)
    assert options.live_span == 3600


def test_what_is_full_first_stands_first():
    numbers = [int(line.split("|")[1].replace(",", "")) for line in limits(COSTS).splitlines()[2:]]
    assert numbers == sorted(numbers)
    assert len(numbers) == 4


def test_without_a_server_nothing_is_measured(monkeypatch, capsys):
    monkeypatch.setattr("benchmarks.scale_page.installed", lambda: False)
    assert main(["--write"]) == 1
    assert "PostgreSQL's server is not installed" in capsys.readouterr().err


def test_an_unknown_option_measures_nothing(capsys):
    assert main(["--wirte"]) == 2
    assert "[--write]" in capsys.readouterr().err
