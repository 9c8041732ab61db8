"""A connection as the shared code uses it: queries in PostgreSQL's words, and values both ways."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, cast

import psycopg
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import Dumper, Loader
from psycopg.pq import Format
from psycopg.types.numeric import Int8Dumper

from fuse_otel.store.postgres.watch import Watch
from fuse_otel.store.relational.database import Cursor
from fuse_otel.store.relational.queries import Query, named_texts

TOPICS = (
    "ledger",
    "step",
    "outbox",
    "control",
    "capacity",
    "erasure",
    "calls",
    "flows",
    "replicas",
    "sharing",
)
# Not `::bigint`, and no part of `HH24:MI`.
_NAMED = re.compile(r"(?<![:\w]):(\w+)")
_ESCAPED = {"\0": "\1" + "0", "\1": "\1" + "1"}
_UNESCAPED = re.compile("\1([01])")


def own_queries(topic: str) -> Mapping[str, Query]:
    """The queries of PostgreSQL alone, by name."""
    return {name: Query(f"{topic}.{name}", text) for name, text in named_texts(__package__, topic)}


@cache
def _texts() -> Mapping[str, str]:
    """PostgreSQL's own texts of shared queries, by topic and name."""
    return {query.name: query for topic in TOPICS for query in own_queries(topic).values()}


@cache
def translated(query: str) -> str:
    """The text of a shared query for psycopg: its own text if there is one, with psycopg's
    placeholders.
    """
    text = _texts().get(query.name, query) if isinstance(query, Query) else query
    return _NAMED.sub(r"%(\1)s", text.replace("%", "%%").replace("?", "%s"))


class Connection:
    """``raw`` is psycopg's connection, without a transaction of its own (autocommit)."""

    def __init__(self, raw: psycopg.Connection[Any], watch: Watch) -> None:
        self._raw = raw
        self._watch = watch

    def execute(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = (), /) -> Cursor:
        text = cast("Any", translated(query))
        with self._watch.query(self._raw):
            return cast("Cursor", self._raw.execute(text, parameters, binary=True))

    def executemany(
        self, query: str, rows: Iterable[Sequence[Any] | Mapping[str, Any]], /
    ) -> Cursor:
        cursor = self._raw.cursor()
        with self._watch.query(self._raw):
            cursor.executemany(cast("Any", translated(query)), rows)
        return cast("Cursor", cursor)

    def script(self, statements: str) -> None:
        """Several statements without parameters."""
        self._raw.execute(cast("Any", statements))


class TextDumper(Dumper):
    """PostgreSQL's texts hold no zero byte, and session ids of a hostile peer may: it is escaped by
    a control character.
    """

    oid = psycopg.adapters.types["text"].oid

    def dump(self, obj: str) -> Buffer:
        if "\0" in obj or "\1" in obj:
            obj = "".join(_ESCAPED.get(character, character) for character in obj)
        return obj.encode()


class TextLoader(Loader):
    def load(self, data: Buffer) -> str:
        text = bytes(data).decode()
        return _UNESCAPED.sub(lambda found: "\0\1"[int(found[1])], text) if "\1" in text else text


class BinaryTextLoader(TextLoader):
    format = Format.BINARY


def adapt(context: AdaptContext) -> None:
    """Texts as above. Every integer is one of 64 bits: a sum of two smaller ones may overflow."""
    adapters = context.adapters
    adapters.register_dumper(str, TextDumper)
    adapters.register_dumper(int, Int8Dumper)
    for loader in (TextLoader, BinaryTextLoader):
        adapters.register_loader("text", loader)
