"""The schema's version, and the migrations to it: each in one transaction, forward only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from importlib.resources import files
from typing import cast

from fuse_otel.errors import Broken
from fuse_otel.store.sqlite.place import APPLICATION_ID

VERSION = 11


def version_of(connection: sqlite3.Connection, name: str) -> int:
    """The schema's version, 0 for an empty file. Raises ``Broken`` for a file that this program
    must not change: another program's database, or a schema of a newer version.
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
    """Migrate any older schema to ``VERSION``, inside the caller's transaction."""
    for version in range(version_of(connection, name) + 1, VERSION + 1):
        for statement in _statements(version):
            connection.execute(statement)
    connection.execute(f"pragma application_id = {APPLICATION_ID}")
    connection.execute(f"pragma user_version = {VERSION}")


def _statements(version: int) -> Iterator[str]:
    """The statements that migrate the previous schema to ``version``, one by one."""
    script = files(__package__).joinpath("schema", f"{version:03}.sql").read_text("utf-8")
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        # Triggers contain semicolons: only SQLite can tell where a statement ends.
        if sqlite3.complete_statement(statement):
            yield statement.strip()
            statement = ""


def _number(connection: sqlite3.Connection, query: str) -> int:
    return cast("int", connection.execute(query).fetchone()[0])
