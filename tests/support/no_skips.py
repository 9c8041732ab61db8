"""Where ``CI`` is set a skipped test is a failure: that machine has all that the suite needs."""

import os

import pytest


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if exitstatus == pytest.ExitCode.OK and _skips(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    if skips := _skips(config):
        terminalreporter.section("skipped where nothing may be", red=True)
        terminalreporter.write_line(f"CI is set, and {skips} of the tests did not run.")


def _skips(config: pytest.Config) -> int:
    """How many tests or files were skipped; 0 outside of CI and in the processes of xdist."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("CI") or reporter is None:
        return 0
    return len(reporter.stats.get("skipped", ()))
