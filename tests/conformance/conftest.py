"""Every adapter of the store, for the suites that all of them must pass."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from support.builders.store_values import NOW

from fuse_otel.ports import Lease, Store
from fuse_otel.store import MemoryStore, open_store

CAPACITY = 100_000
EVERY = [
    "memory",
    "sqlite",
    "postgres",
    pytest.param("newest_postgres", marks=pytest.mark.slow),
]


@contextmanager
def _opened(request: pytest.FixtureRequest, folder: Path, capacity: int) -> Iterator[Store]:
    with ExitStack() as stack:
        if request.param == "memory":
            store: Store = MemoryStore(capacity)
        else:
            url = f"sqlite:///{folder / 'store.db'}"
            if request.param != "sqlite":
                url = stack.enter_context(request.getfixturevalue(request.param).store())
            store = open_store(url, capacity=capacity, clock=lambda: float(NOW))
        stack.callback(store.close)
        yield store


@pytest.fixture(params=EVERY)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with _opened(request, tmp_path, CAPACITY) as opened:
        yield opened


@pytest.fixture(params=EVERY)
def roomy_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """With the capacity that a daemon has."""
    with _opened(request, tmp_path, 1 << 30) as opened:
        yield opened


@pytest.fixture
def lease(store: Store) -> Lease:
    return store.ledger.lease("main")
