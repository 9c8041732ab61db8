"""Entries that were redacted before: an application is a finite graph, so most entries of its calls
are the same but for their time.
"""

from __future__ import annotations

from hashlib import blake2b
from itertools import count
from typing import Any

import msgspec

from fuse_otel.core.model.bounded_table import BoundedTable
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import Link, Value
from fuse_otel.core.redaction.lines import Facts

_MOST, _ROOM = 16_384, 4_000_000  # entries, bytes; the same again of executions
_DIGEST = 16  # bytes: two events never share one
_SALT = 0x9E3779B1  # odd: its products with the users differ in the bits that are read of a hash
_encode = msgspec.msgpack.Encoder().encode


class RedactedEntry(msgspec.Struct):
    """``log_class`` is the raw class as a word; ``attributes`` are those of the line and of the
    data; ``body`` is what may leave of the line; ``link`` is the trace context in the entry.

    ``serial`` is not 0 for one that is kept: then equal entries of all calls share it, and nothing
    of it may be changed. ``redactions`` and ``truncations`` are what it counts, ``size`` its bytes.
    ``template`` is what the encoder keeps here.
    """

    log_class: str
    body: str
    attributes: dict[str, Value]
    facts: Facts
    link: Link | None = None
    serial: int = 0
    redactions: tuple[tuple[str, int], ...] = ()
    truncations: tuple[tuple[str, int], ...] = ()
    size: int = 0
    template: Any = None

    def count(self, tally: Tally) -> None:
        for rule, number in self.redactions:
            tally.redactions[rule] += number
        for kind, number in self.truncations:
            tally.truncations[kind] += number


class EntryTables:
    """Where all accounts keep compiled entries. ``secret`` is a random key of this process.
    ``runs`` are executions, which the translation makes of entries.
    """

    def __init__(self, secret: bytes = b"") -> None:
        self.entries: BoundedTable[bytes, RedactedEntry] = BoundedTable(_MOST, _ROOM)
        self.runs: BoundedTable[Any, Any] = BoundedTable(_MOST, _ROOM)
        self._secret = secret[:64]
        self._serials = count(1)
        self._users = count(1)

    def next_serial(self) -> int:
        return next(self._serials)

    def compiled(self) -> CompiledEntries:
        """The part of one redaction with its options: no other one finds its entries."""
        return CompiledEntries(self, self._secret, next(self._users))


class CompiledEntries:
    """The redacted entries of all calls with one redaction.

    The key is a keyed digest of what the redaction reads of an entry, or of what it let leave. So
    the table holds what leaves and nothing else: neither a text that the redaction takes nor one
    that could be taken from the key. An entry is kept when it comes a second time.
    """

    __slots__ = ("_came_before", "_digest", "_salt", "_tables", "get", "runs")

    def __init__(self, tables: EntryTables, secret: bytes, user: int) -> None:
        self._tables = tables
        self.get = tables.entries.get
        self._came_before = tables.entries.came_before
        self._salt = user * _SALT
        self.runs = tables.runs
        self._digest = blake2b(key=secret, salt=user.to_bytes(16, "little"), digest_size=_DIGEST)

    def key(self, read: tuple[object, ...], not_in: bytes = b"") -> bytes | None:
        """``read`` is all that the result depends on. ``None`` if it is not kept: it comes for the
        first time; it holds ``not_in``, an id of its call; or it is no JSON.
        """
        try:
            written = _encode(read)
        except (ValueError, OverflowError, TypeError, RecursionError):
            return None
        if not_in and not_in in written:
            return None
        # Without the salt, what a second redaction reads of the same entry would count as seen.
        if not self._came_before(hash(written) ^ self._salt):
            return None
        digest = self._digest.copy()
        digest.update(written)
        return digest.digest()

    def same(self, redacted: RedactedEntry, names: tuple[str, str]) -> RedactedEntry:
        """One that was kept with the same content, for a module of the same ``names``, else this
        one. Entries that differ in what is taken from them are the same then.
        """
        if redacted.link:
            return redacted
        key = self.key(
            (
                names,
                redacted.log_class,
                redacted.body,
                redacted.attributes,
                redacted.facts.application,
                redacted.facts.error_type,
                redacted.redactions,
                redacted.truncations,
            )
        )
        if key is None:
            return redacted
        found = self.get(key)
        if found is None:
            self.keep(key, redacted)
        return found or redacted

    def keep(self, key: bytes, redacted: RedactedEntry) -> None:
        """Keeps an entry that is the same for all calls."""
        if redacted.link:
            return
        if not redacted.serial:
            redacted.size = _size(redacted)
            redacted.serial = self._tables.next_serial()
        self._tables.entries.put(key, redacted)


def _size(redacted: RedactedEntry) -> int:
    texts = [redacted.body, *map(str, redacted.attributes.values())]
    return 1_000 + sum(map(size_of, texts))


def size_of(text: str) -> int:
    """Of the text and its written bytes: a character takes up to four bytes in each of them."""
    return 120 + (2 if text.isascii() else 8) * len(text)
