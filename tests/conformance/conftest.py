"""Every adapter of the store, for the suites that all of them must pass."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.builders.store_values import NOW
from support.rigs.postgres_cluster import Cluster, cluster

from fuse_otel.ports import Lease, Store
from fuse_otel.store import MemoryStore, open_store

CAPACITY = 100_000
EVERY = ["memory", "sqlite", "postgres"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    with cluster() as started:
        yield started


def _opened(request: pytest.FixtureRequest, folder: Path, capacity: int) -> Store:
    if request.param == "memory":
        return MemoryStore(capacity)
    url = f"sqlite:///{folder / 'store.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres").new_store()
    return open_store(url, capacity=capacity, clock=lambda: float(NOW))


@pytest.fixture(params=EVERY)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with closing(_opened(request, tmp_path, CAPACITY)) as opened:
        yield opened


@pytest.fixture(params=EVERY)
def roomy_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """With the capacity that a daemon has."""
    with closing(_opened(request, tmp_path, 1 << 30)) as opened:
        yield opened


@pytest.fixture
def lease(store: Store) -> Lease:
    return store.ledger.lease("main")
