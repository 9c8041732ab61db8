"""Every adapter of the store, for the suites that all of them must pass."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.builders.store_values import NOW

from fuse_otel.ports import Lease, Store
from fuse_otel.store import MemoryStore, open_store

CAPACITY = 100_000


def _memory(_folder: Path) -> Store:
    return MemoryStore(CAPACITY)


def _sqlite(folder: Path) -> Store:
    url = f"sqlite:///{folder / 'store.db'}"
    return open_store(url, capacity=CAPACITY, clock=lambda: float(NOW))


@pytest.fixture(params=[_memory, _sqlite], ids=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    open_adapter: Callable[[Path], Store] = request.param
    opened = open_adapter(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def lease(store: Store) -> Lease:
    return store.ledger.lease("main")
