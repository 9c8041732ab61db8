"""The store in a PostgreSQL database that any number of replicas share. Needs the extra
``postgres``.
"""

from fuse_otel.store.postgres.store import PostgresStore, open_postgres

__all__ = ["PostgresStore", "open_postgres"]
