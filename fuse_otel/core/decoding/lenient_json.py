"""JSON that is nearly JSON: the fast decoder first, then the same on repaired bytes, then the
standard library on those, which reads any number. Then one value, converted to its expected type.
"""

from __future__ import annotations

import json
import math
import re
from typing import TypeVar

import msgspec

from fuse_otel.core.model.tally import Anomaly, Tally

T = TypeVar("T")

BOM = b"\xef\xbb\xbf"
_DIGITS = 400  # a longer integer is a mistake
_BROKEN = "it is no JSON, or it is cut off"
_SHAPE = "it is JSON of another shape"

# An escape: a pair of surrogates, a lone one, any other of JSON's, or none of JSON's.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|u[0-9a-fA-F]{4}|[\"\\/bfnrt]|(?P<bad>.))",
    re.DOTALL,
)
_SUSPECT = re.compile(r"NaN|Infinity|[\x00-\x1f]")
_CONTROL = re.compile(r"[\x00-\x1f]")
# A string, or a bracket outside of strings.
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"?|[][{}]', re.DOTALL)
_DEEPEST = 200  # an entry's data begin at 6; the fast decoder reads some 900
# A string (to the end where it is not closed: one pass for any text), or a bare word.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|-?(?:NaN|Infinity)', re.DOTALL)


class NotUnderstood(ValueError):
    """The text is no such answer. The message does not quote it."""


def decode(
    decoder: msgspec.json.Decoder[T],
    data: bytes | msgspec.Raw,
    tally: Tally,
    *,
    many_calls: bool = False,
) -> T:
    """``data`` as ``decoder`` decodes it, repaired where that is necessary. Raises
    ``NotUnderstood``.

    ``many_calls``: the calls stay ``Raw``, and the last resort is left out, because it needs a
    multiple of the memory.
    """
    try:
        return decoder.decode(data)
    except RecursionError:
        readable = bytes(data)
    except ValueError:
        tally.anomalies[Anomaly.REPAIRED] += 1
        readable = repaired(bytes(data))
    try:
        return decoder.decode(readable)
    except RecursionError:
        tally.anomalies[Anomaly.DEPTH] += 1
        readable = flattened(repaired(readable))
    except ValueError as error:
        return _last_resort(decoder, readable, error, many_calls=many_calls)
    try:
        return decoder.decode(readable)
    except (ValueError, RecursionError) as error:
        return _last_resort(decoder, readable, error, many_calls=many_calls)


def repaired(data: bytes) -> bytes:
    """Valid UTF-8 without a byte order mark, lone surrogates, escapes that JSON does not have,
    ``NaN``, infinities and bare control characters inside strings; otherwise the same.
    """
    text = data.removeprefix(BOM).decode("utf-8", "replace")
    text = _ESCAPE.sub(_repaired_escape, text)  # only strings contain a backslash
    if _SUSPECT.search(text):
        text = _TOKEN.sub(_repaired_token, text)
    return text.encode()


def _repaired_escape(found: re.Match[str]) -> str:
    if found["bad"]:
        return f"\\\\{found['bad']}"
    return "\\ufffd" if found["lone"] else found[0]


def _repaired_token(found: re.Match[str]) -> str:
    token = found[0]
    if not token.startswith('"'):
        return "null"
    return _CONTROL.sub(lambda control: f"\\u{ord(control[0]):04x}", token)


def flattened(data: bytes) -> bytes:
    """Valid UTF-8 with ``null`` in place of every array and object that is nested deeper than
    ``_DEEPEST``. A value nested 3,000 deep made a whole page of calls unreadable once.
    """
    text = data.decode()
    parts: list[str] = []
    depth = start = 0
    for token in _BRACKET.finditer(text):
        if token[0] in {"[", "{"}:
            depth += 1
            if depth == _DEEPEST + 1:
                parts += (text[start : token.start()], "null")
        elif token[0] in {"]", "}"}:
            if depth == _DEEPEST + 1:
                start = token.end()
            depth -= 1
    return "".join((*parts, "" if depth > _DEEPEST else text[start:])).encode()


def _last_resort(
    decoder: msgspec.json.Decoder[T], data: bytes, error: Exception, *, many_calls: bool
) -> T:
    """The standard library reads numbers that the fast decoder refuses."""
    if many_calls:
        is_shape = isinstance(error, msgspec.ValidationError)
        raise NotUnderstood(_SHAPE if is_shape else _BROKEN) from None
    try:
        value = json.loads(data, parse_int=_integer, parse_float=_finite)
    except (ValueError, RecursionError):
        # The library's error holds the whole text and may quote it, so it is not passed on.
        raise NotUnderstood(_BROKEN) from None
    try:
        made: T = msgspec.convert(value, decoder.type)
    except (ValueError, RecursionError):
        raise NotUnderstood(_SHAPE) from None
    return made


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= _DIGITS else None


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


LAST_SECOND = 253_402_300_799  # the end of the year 9999
_MOST = 10**18  # the highest count
_SECONDS = re.compile(r"\s*\+?([0-9]{1,15})(?:\.[0-9]*)?\s*", re.ASCII)
_WORDS = {"1": True, "true": True, "yes": True, "": False, "0": False, "false": False, "no": False}


def text(value: object) -> str | None:
    """A string as it is, a number or boolean as JSON writes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, int | float) else None


def seconds(value: object) -> int | None:
    """UNIX seconds after 1970 and before the year 10000; fractions are cut off."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        match = _SECONDS.fullmatch(value)
        value = int(match[1]) if match else None
    if isinstance(value, int | float) and 1 <= value <= LAST_SECOND:
        return int(value)
    return None


def count(value: object) -> int | None:
    """A count, written as a number or as digits."""
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value) if len(value) < 20 else None  # noqa: PLR2004 - no count has more digits
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < _MOST else None


def flag(value: object) -> bool | None:
    """A boolean in any of the spellings PHP has for it."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value != 0
    return _WORDS.get(value.strip().lower()) if isinstance(value, str) else None
