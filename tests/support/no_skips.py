"""Where ``CI`` is set, a skipped test is a failure: that machine has all that the suite needs. Only
the tests of a real Tempo or Loki may be skipped: a person who has one names its address.
"""

import os

import pytest

_MAY_BE_SKIPPED = ("TEST_TEMPO_URL is not set", "TEST_LOKI_URL is not set")


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
    """How many tests or files were skipped that may not be; 0 outside of CI and in the processes
    of xdist.
    """
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("CI") or reporter is None:
        return 0
    return sum(not _may_be_skipped(each) for each in reporter.stats.get("skipped", ()))


def _may_be_skipped(report: pytest.TestReport | pytest.CollectReport) -> bool:
    """Pytest keeps the file, the line and the reason of a skip."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
    return reason.removeprefix("Skipped: ") in _MAY_BE_SKIPPED
