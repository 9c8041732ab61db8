"""The real back ends, each started once in a process of the test run and shared by its tests."""

from __future__ import annotations

import re
from contextlib import contextmanager

import pytest
from support.peers.collector import Collector
from support.peers.jaeger import Jaeger
from support.peers.loki import Loki
from support.peers.process import logs_of_running
from support.peers.program_of import program
from support.peers.tempo import Tempo

# A call of 4.9 days has to be found by a search: Tempo's own slack is two minutes.
SLACK = "121h"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        report.sections.extend(logs_of_running())
    return report


@pytest.fixture(scope="session")
def jaeger(tmp_path_factory):
    with Jaeger(program("jaeger"), tmp_path_factory.mktemp("jaeger")) as running:
        yield running


@pytest.fixture(scope="session")
def tempo(tmp_path_factory):
    with Tempo(program("tempo"), tmp_path_factory.mktemp("tempo"), SLACK) as running:
        yield running


@pytest.fixture(scope="session")
def stock_tempo(tmp_path_factory):
    with Tempo(program("tempo"), tmp_path_factory.mktemp("stock-tempo")) as running:
        yield running


@pytest.fixture(scope="session")
def loki(tmp_path_factory):
    with Loki(program("loki"), tmp_path_factory.mktemp("loki")) as running:
        yield running


@pytest.fixture(scope="session")
def collector(tmp_path_factory):
    """Starts a Collector with these exporters inside a ``with``, as often as a test wants."""

    @contextmanager
    def run(exporters, **options):
        folder = tmp_path_factory.mktemp("collector")
        with Collector(program("otelcol"), folder, exporters, **options) as running:
            yield running

    return run


@pytest.fixture
def tenant(request):
    """A name for what is this test's alone: the tenant, the environment, the namespace."""
    return named(request.node.name)


def named(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
