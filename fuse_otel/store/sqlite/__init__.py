"""The store in one SQLite file, or in memory."""

from fuse_otel.store.sqlite.place import network_file_system
from fuse_otel.store.sqlite.store import (
    MemoryStore,
    SqliteStore,
    begin_sqlite_anew,
    open_sqlite,
)

__all__ = ["MemoryStore", "SqliteStore", "begin_sqlite_anew", "network_file_system", "open_sqlite"]
