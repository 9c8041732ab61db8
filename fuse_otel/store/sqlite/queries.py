"""The SQL of the store: ``.sql`` files beside this module, a ``-- name:`` line before a query."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from importlib.resources import files
from types import MappingProxyType

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_FOLDER = files(__package__)


def queries(door: str) -> Mapping[str, str]:
    """The named queries of ``sql/<door>.sql``."""
    _, *parts = _NAME.split(_FOLDER.joinpath("sql", f"{door}.sql").read_text("utf-8"))
    texts = map(str.strip, parts[1::2])
    return MappingProxyType(dict(zip(parts[0::2], texts, strict=True)))


def schema_statements(version: int) -> Iterator[str]:
    """The statements that lead from the schema before to ``version``, one by one."""
    script = _FOLDER.joinpath("schema", f"{version:03}.sql").read_text("utf-8")
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        # Triggers hold semicolons of their own: SQLite tells where a statement ends.
        if sqlite3.complete_statement(statement):
            yield statement.strip()
            statement = ""
