"""A store in a file of a test."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from fuse_otel.ports import Store
from fuse_otel.store import open_store
from support.builders.store_values import NOW


@contextmanager
def opened(path: Path, *, read_only: bool = False) -> Iterator[Store]:
    with closing(
        open_store(
            f"sqlite:///{path}", capacity=10**6, read_only=read_only, clock=lambda: float(NOW)
        )
    ) as store:
        yield store
