"""How the tests are shared among the processes of a run: those that share a running program, or
data that takes long to make, go to one process, and the long ones begin first.
"""

import gc
import os
from functools import cache
from pathlib import Path, PurePosixPath

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

# What shares the same programs or data, by the folder or the file of the tests; the longest word
# counts.
TOGETHER = {
    "tests/e2e": "Jaeger and VictoriaLogs",
    "tests/e2e/test_alerts.py": "Prometheus",
    "tests/e2e/test_demo.py": "the demo",
    "tests/e2e/test_loki.py": "Loki",
    "tests/e2e/test_tempo.py": "Tempo",
    "tests/e2e/test_victorialogs.py": "VictoriaLogs",
    "tests/unit/simulator/test_world.py": "the calls of a simulated account",
}

_PROPERTY = Path(__file__).parents[1] / "property"
_LONG = ("proof", "slow")


class Scheduling(LoadScopeScheduling):
    """One test after another to whichever process is free; those of a group to one of them.

    xdist's own ``loadgroup`` marks node ids in a way that pytest no longer reads.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _scope(nodeid)

    def mark_test_complete(
        self, node: WorkerController, item_index: int, duration: float = 0
    ) -> None:
        """Xdist counts through everything that it gave to a process, for each test that ends: what
        is done is taken out.
        """
        super().mark_test_complete(node, item_index, duration)
        scope = self._split_scope(self.registered_collections[node][item_index])
        if all(self.assigned_work[node][scope].values()):
            del self.assigned_work[node][scope]


@cache
def _scope(nodeid: str) -> str:
    path = PurePosixPath(nodeid.partition("::")[0])
    groups = (TOGETHER.get(str(part)) for part in (path, *path.parents))
    return next(filter(None, groups), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    return Scheduling(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three processes for two cores: many tests wait for a process, a socket or a time-out."""
    if chosen := os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return int(chosen)
    # A container may have fewer cores than its machine. macOS cannot tell.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, (cores or 1) * 3 // 2)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `make test` runs without coverage. The long tests begin first: no process works on
    alone at the end.
    """
    for item in items:
        if item.get_closest_marker("proof") or item.path.is_relative_to(_PROPERTY):
            item.add_marker("many")
    items.sort(key=lambda item: [item.get_closest_marker(mark) is None for mark in _LONG])


def pytest_collection() -> None:
    """What the collection makes stays to the end: the garbage collector need not look for it."""
    gc.disable()


def pytest_collection_finish() -> None:
    """From here on it looks for what the tests leave, and no longer at what was collected."""
    gc.enable()
    gc.collect()
    gc.freeze()
