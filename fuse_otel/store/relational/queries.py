"""The named queries of the SQL files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Self

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


class Query(str):  # noqa: SLOT000 - a text with a name
    """A query's text as SQLite reads it. ``name`` is ``<topic>.<name>``: an engine that needs other
    words for the query finds them by this name.
    """

    name: str

    def __new__(cls, name: str, text: str) -> Self:
        query = super().__new__(cls, text)
        query.name = name
        return query


def queries(topic: str) -> Mapping[str, Query]:
    """The queries of ``sql/<topic>.sql`` by the names in their ``-- name:`` lines."""
    found = named_texts(__package__, topic)
    return MappingProxyType({name: Query(f"{topic}.{name}", text) for name, text in found})


def named_texts(package: str, topic: str) -> Iterator[tuple[str, str]]:
    """Names and texts of the file ``sql/<topic>.sql`` of a package."""
    text = files(package).joinpath("sql", f"{topic}.sql").read_text("utf-8")
    _, *parts = _NAME.split(text)
    return zip(parts[0::2], map(str.strip, parts[1::2]), strict=True)
