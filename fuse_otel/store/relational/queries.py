"""The named queries of the SQL files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Self

_LENGTHS = (1, 8, 64, 512)  # of the lists of ids that one query looks up
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


def with_lists(query: str, ids: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """The query with a place for each of the next ids, and these ids. There are few different
    lengths, so that each text is prepared once: the last id fills a list up.
    """
    start = 0
    while start < len(ids):
        length = next((each for each in _LENGTHS if each >= len(ids) - start), _LENGTHS[-1])
        part = ids[start : start + length]
        yield _with_places(query, length), (*part, *[part[-1]] * (length - len(part)))
        start += length


@cache
def _with_places(query: str, count: int) -> str:
    return query.replace("in (?)", f"in ({', '.join('?' * count)})")
