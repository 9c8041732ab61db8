"""Entries that were redacted before: an application is a finite graph, so most entries of its calls
are the same but for their time.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from itertools import count
from typing import Any

import msgspec

from fuse_otel.core.model import semconv
from fuse_otel.core.model.bounded_table import BoundedTable
from fuse_otel.core.model.call import Entry
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import Link, Value
from fuse_otel.core.redaction.lines import Facts

_MOST, _ROOM = 16_384, 4_000_000  # entries, bytes; the same again of executions
_DIGEST = 16  # bytes: two events never share one
_OPTION = 2  # keys: more may be a number of the caller's, whose digest could be guessed
_SALT = 0x9E3779B1  # odd: its products with the users differ in the bits that are read of a hash
_encode = msgspec.msgpack.Encoder().encode


@dataclass(slots=True)
class RedactedEntry:
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

    The key is a keyed digest of all that the redaction reads of an entry. So the table holds what
    leaves and nothing else: neither a text that the redaction takes nor one that could be taken
    from the key. An entry is kept when it comes a second time.
    """

    __slots__ = ("_came_before", "_digest", "_get", "_salt", "_tables", "runs")

    def __init__(self, tables: EntryTables, secret: bytes, user: int) -> None:
        self._tables = tables
        self._get = tables.entries.get
        self._came_before = tables.entries.came_before
        self._salt = user * _SALT
        self.runs = tables.runs
        self._digest = blake2b(key=secret, salt=user.to_bytes(16, "little"), digest_size=_DIGEST)

    def key(self, entry: Entry, not_in: bytes) -> bytes | None:
        """``None`` for an entry that is not kept: it comes for the first time; it names no module,
        so it depends on the entry before it; it holds ``not_in``, an id of its call; or it is no
        JSON.
        """
        module_type, name = entry.module_type, entry.result_variable
        if module_type is None or name is None:
            return None
        try:
            read = _encode((entry.log_class, entry.line, module_type, name, entry.data))
        except (ValueError, OverflowError, TypeError, RecursionError):
            return None
        if not_in and not_in in read:
            return None
        # Without the salt, what a second redaction reads of the same entry would count as seen.
        if not self._came_before(hash(read) ^ self._salt):
            return None
        digest = self._digest.copy()
        digest.update(read)
        return digest.digest()

    def get(self, key: bytes) -> RedactedEntry | None:
        return self._get(key)

    def keep(self, key: bytes, redacted: RedactedEntry) -> None:
        """Keeps an entry that is the same for all calls. Keys that a caller keyed, beyond an
        option, are not kept: not even as a digest.
        """
        keyed = redacted.attributes.get(semconv.INPUT_LENGTH, 0)
        is_secret = isinstance(keyed, int) and keyed > _OPTION
        if is_secret or redacted.link:
            return
        redacted.size = _size(redacted)
        redacted.serial = self._tables.next_serial()
        self._tables.entries.put(key, redacted)


def _size(redacted: RedactedEntry) -> int:
    texts = [redacted.body, *map(str, redacted.attributes.values())]
    return 1_000 + sum(map(size_of, texts))


def size_of(text: str) -> int:
    """Of the text and its written bytes: a character takes up to four bytes in each of them."""
    return 120 + (2 if text.isascii() else 8) * len(text)
