"""What a span, a log record and a value may be at most."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

MAX_CALL = 2_500_000  # bytes of a call in a signal
MAX_VALUE = 2048  # characters of an attribute's value
MAX_FIELD = 256  # characters of a number or type in a list record; a telephone number has 15
MAX_NAME = 4096  # characters of a name that an author gave; 128 of them leave
MAX_ATTRIBUTE_NAME = 128  # bytes; VictoriaLogs drops a record that has a longer one
LONG_NAME = "[long]"
"""Replaces a longer one: its beginning could end inside a number."""


class Most(NamedTuple):
    """Attributes of a span or record, characters of a value."""

    attributes: int
    length: int


_SPAN, _RECORD = Most(128, MAX_VALUE), Most(96, MAX_VALUE)


class Limits(Struct, frozen=True):
    """What a span, a log record and the links of a span may be at most."""

    span: Most = _SPAN
    record: Most = _RECORD
    links: int = 128


MODEL = Limits()
"""The data model's own; others may only be tighter."""
