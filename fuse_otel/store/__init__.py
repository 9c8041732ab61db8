"""Where everything durable lies: one database behind the three doors of the ports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fuse_otel.errors import ConfigurationError
from fuse_otel.ports import Store
from fuse_otel.store.memory import MemoryStore
from fuse_otel.store.sqlite import open_sqlite

_SQLITE = "sqlite:///"
_MEMORY = frozenset({"sqlite://", "sqlite:///:memory:"})


def open_store(
    url: str, *, capacity: int, read_only: bool = False, clock: Callable[[], float]
) -> Store:
    """Open the store at ``url``: ``sqlite:///relative.db``, ``sqlite:////absolute.db`` or
    ``sqlite://`` (in memory); the path is taken as it stands, without percent-decoding.

    ``capacity`` is the cap of the outbox in bytes. Nothing is locked before the first lease, so
    that commands can read, and leave orders, beside a daemon. Raises ``ConfigurationError`` for a
    URL that names no store, ``Broken`` for a store that cannot be used.
    """
    if url in _MEMORY:
        return MemoryStore(capacity)
    path = url.removeprefix(_SQLITE)
    if path in {url, ""}:
        # The URL itself may hold a password.
        raise ConfigurationError(
            ["The URL of the store names no SQLite file, such as sqlite:///fuse-otel.db does."]
        )
    return open_sqlite(Path(path), capacity=capacity, read_only=read_only, clock=clock)


__all__ = ["MemoryStore", "open_store"]
