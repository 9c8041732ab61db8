"""The schema's version, and the migrations to it: forward only, one replica at a time."""

from __future__ import annotations

from importlib.resources import files
from typing import cast

from fuse_otel.errors import Broken
from fuse_otel.store.postgres.database import Database
from fuse_otel.store.relational.database import Connection

VERSION = 1
# The oldest program that may work on a schema of ``VERSION``: a migration first adds, so that the
# replicas of the previous version go on, and only a later version removes.
SERVES = 1
_LOCK = 0x46754F54  # of an advisory lock; "FuOT"
# Not `to_regclass`: after the wait for the advisory lock it may still know of no such table.
_HAS_META = """
select exists (
    select from pg_class join pg_namespace as n on n.oid = relnamespace
    where relname = 'meta' and nspname = current_schema()
)
"""
_NOTE = """
insert into meta (name, value) values (?, ?)
on conflict (name) do update set value = excluded.value
"""


def version_of(connection: Connection, name: str) -> int:
    """The schema's version, 0 without a schema. Raises ``Broken`` if it is too new."""
    if not connection.execute(_HAS_META).fetchone()[0]:
        return 0
    found = dict(
        connection.execute(
            "select name, value from meta where name in ('schema', 'schema_serves')"
        ).fetchall()
    )
    if "schema" not in found:
        raise Broken(f"The store {name} has a table `meta` of another program: use another schema.")
    if found.get("schema_serves", 0) > VERSION:
        raise Broken(
            f"The store {name} was written by a newer fuse-otel (schema {found['schema']}, this"
            f" one knows {VERSION}): use that version."
        )
    return cast("int", found["schema"])


def bring_forward(database: Database) -> None:
    """Migrate an older schema. Replicas that start at once wait for the first of them."""
    with database.read() as connection:
        if version_of(connection, database.name) >= VERSION:
            return
    with database.write() as connection:
        connection.execute(
            "select pg_advisory_xact_lock(?::integer, hashtext(current_schema()))", (_LOCK,)
        )
        for version in range(version_of(connection, database.name) + 1, VERSION + 1):
            # Without parameters, so that one call takes all statements of the file.
            connection.script(_script(version))
        connection.executemany(_NOTE, [("schema", VERSION), ("schema_serves", SERVES)])


def _script(version: int) -> str:
    return files(__package__).joinpath("schema", f"{version:03}.sql").read_text("utf-8")
