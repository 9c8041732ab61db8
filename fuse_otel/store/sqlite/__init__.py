"""The store in one SQLite file, or in memory."""

from fuse_otel.store.sqlite.store import MemoryStore, SqliteStore, open_sqlite

__all__ = ["MemoryStore", "SqliteStore", "open_sqlite"]
