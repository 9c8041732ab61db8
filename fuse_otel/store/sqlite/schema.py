"""The schema's version: brought forward in one transaction, never back."""

from __future__ import annotations

import sqlite3
from typing import cast

from fuse_otel.errors import Broken
from fuse_otel.store.sqlite.queries import schema_statements

VERSION = 3
# "FuOT" in the file's header tells our files from other SQLite databases.
APPLICATION_ID = 0x46754F54


def version_of(connection: sqlite3.Connection, name: str) -> int:
    """The schema's version, 0 for an empty file. Raises ``Broken`` for what is not ours to touch:
    another program's database, or a schema of a newer program.
    """
    if _number(connection, "select count(*) from sqlite_master") == 0:
        return 0
    if _number(connection, "pragma application_id") != APPLICATION_ID:
        raise Broken(f"{name} is another program's database: name another file for the store.")
    version = _number(connection, "pragma user_version")
    if version > VERSION:
        raise Broken(
            f"The store {name} was written by a newer fuse-otel (schema {version}, this one knows"
            f" {VERSION}): use that version, or name another file."
        )
    return version


def bring_forward(connection: sqlite3.Connection, name: str) -> None:
    """Lead any older schema to ``VERSION``, inside the caller's transaction."""
    for version in range(version_of(connection, name) + 1, VERSION + 1):
        for statement in schema_statements(version):
            connection.execute(statement)
    connection.execute(f"pragma application_id = {APPLICATION_ID}")
    connection.execute(f"pragma user_version = {VERSION}")


def _number(connection: sqlite3.Connection, query: str) -> int:
    return cast("int", connection.execute(query).fetchone()[0])
