"""Tests that share a running program run in one process, so that it is started once."""

from pathlib import PurePosixPath

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# What shares the same programs, by the folder or the file of the tests; the longest word counts.
TOGETHER = {
    "tests/e2e": "Jaeger and VictoriaLogs",
    "tests/e2e/test_alerts.py": "Prometheus",
    "tests/e2e/test_demo.py": "the demo",
    "tests/e2e/test_loki.py": "Loki",
    "tests/e2e/test_tempo.py": "Tempo",
    "tests/e2e/test_victorialogs.py": "VictoriaLogs",
}


class Scheduling(LoadScopeScheduling):
    """One test after another to whichever process is free; those of a group to one of them.

    xdist's own ``loadgroup`` marks node ids in a way that pytest no longer reads.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = PurePosixPath(nodeid.partition("::")[0])
        groups = (TOGETHER.get(str(part)) for part in (path, *path.parents))
        return next(filter(None, groups), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    return Scheduling(config, log)
