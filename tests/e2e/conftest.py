"""The real back ends. Each runs once per process of the test run; the tests share it."""

from __future__ import annotations

import re
import secrets
from contextlib import contextmanager

import pytest
from support.peers.collector import Collector
from support.peers.jaeger import Jaeger
from support.peers.process import logs_of_running
from support.peers.program_of import program
from support.peers.victorialogs import VictoriaLogs


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
def victorialogs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("victorialogs")
    with VictoriaLogs(program("victorialogs"), folder) as running:
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


@pytest.fixture(scope="session")
def run_name():
    """A back end that runs for longer than the tests keeps the calls of two runs apart by it."""
    return f"run-{secrets.token_hex(4)}"
