"""What every test shares."""

import os

import pytest
from hypothesis import HealthCheck, settings
from support.fakes.shut_port import shut_port
from support.no_proxy import no_proxy
from support.no_skips import pytest_sessionfinish, pytest_terminal_summary
from support.rigs.postgres_cluster import newest_postgres, postgres
from support.scale import described
from support.sharing import (
    pytest_collection,
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_xdist_auto_num_workers,
    pytest_xdist_make_scheduler,
)

# These make texts of the path at their import, before a test replaces it.
from fuse_otel.cli import settings_flags  # noqa: F401 - for its import only
from fuse_otel.config import catalogue

__all__ = [
    "newest_postgres",
    "no_default_configuration",
    "no_proxy",
    "postgres",
    "pytest_collection",
    "pytest_collection_finish",
    "pytest_collection_modifyitems",
    "pytest_report_header",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_xdist_auto_num_workers",
    "pytest_xdist_make_scheduler",
    "shut_port",
]

settings.register_profile(
    "fuse-otel",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("fuse-otel")

# Programs are started as a user starts them: their streams keep back what they cannot write.
os.environ.pop("PYTHONUNBUFFERED", None)


@pytest.fixture(autouse=True)
def no_default_configuration(monkeypatch):
    """No test reads the configuration of the machine it runs on."""
    monkeypatch.setattr(catalogue, "DEFAULT_CONFIG_FILE", "/nonexistent/fuse-otel.toml")


def pytest_report_header() -> str:
    return described()
