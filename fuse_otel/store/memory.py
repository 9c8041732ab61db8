"""The store in memory: SQLite's own memory database, so that there is one code path to trust."""

from fuse_otel.store.sqlite import MemoryStore

__all__ = ["MemoryStore"]
