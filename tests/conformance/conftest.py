"""Every adapter of the store, for the suites that all of them must pass."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.builders.store_values import NOW

from fuse_otel.ports import Lease, Store
from fuse_otel.store import MemoryStore, open_store

CAPACITY = 100_000


def _memory(_folder: Path, capacity: int) -> Store:
    return MemoryStore(capacity)


def _sqlite(folder: Path, capacity: int) -> Store:
    url = f"sqlite:///{folder / 'store.db'}"
    return open_store(url, capacity=capacity, clock=lambda: float(NOW))


@pytest.fixture(params=[_memory, _sqlite], ids=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with closing(request.param(tmp_path, CAPACITY)) as opened:
        yield opened


@pytest.fixture(params=[_memory, _sqlite], ids=["memory", "sqlite"])
def roomy_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """With the capacity that a daemon has."""
    with closing(request.param(tmp_path, 1 << 30)) as opened:
        yield opened


@pytest.fixture
def lease(store: Store) -> Lease:
    return store.ledger.lease("main")
