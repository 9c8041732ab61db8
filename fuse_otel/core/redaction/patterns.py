r"""The operator's regular expressions, matched by RE2 in linear time with the meaning that Python's
``re`` gives them.

RE2 knows only ASCII for ``\d``, ``\w``, ``\s`` and ``\b``, and refuses lone surrogates. So it
never sees the characters of a text. A pattern cannot distinguish most of them: ``[a-z]\d`` knows
three kinds of characters. Each kind becomes one byte, in the pattern and in the text. Python itself
says which characters belong to a kind. A kind of word characters gets a byte that RE2 takes for a
letter, so that ``\b`` is right too.
"""

from __future__ import annotations

import re
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, chain
from operator import xor

# Python has no public function for a parsed expression. Tests check what we rely on here.
from re import _compiler, _parser  # type: ignore[attr-defined]
from typing import Any, TypeAlias

try:
    import re2
except ImportError:  # there is no wheel for this system
    re2 = None

_Parsed: TypeAlias = Any
_Members = tuple[tuple[int, int], ...]
"""Characters as ranges: the first and the last code point of each."""
_MISSING = (
    "A pattern needs the Python package google-re2, which is not installed. Install"
    " fuse-otel[patterns]."
)
_EMPTY = "This expression matches an empty text. Require at least one character."
_TOO_LARGE = "This regular expression is too large."
_NO_BACKTRACKING = (
    "Possessive repetitions (\\d++) and atomic groups (?>...) are not supported, and not needed:"
    " every pattern is matched in linear time. Write \\d+ and (?:...)."
)
_NO_REFERENCE = (
    "Look-around and back references are not supported, because patterns are matched in linear"
    " time. \\b, ^ and $ are possible."
)
_TOO_MANY = (
    "This expression distinguishes too many different characters. Use ranges such as [a-z], or"
    " split it."
)
_CHARACTERS = {"LITERAL", "NOT_LITERAL", "IN", "ANY"}
_REPEATS = {"MAX_REPEAT": "", "MIN_REPEAT": "?"}
_CLOSED = {"ATOMIC_GROUP", "POSSESSIVE_REPEAT"}
_PLACES = {
    "AT_BEGINNING": rb"\A",
    "AT_BEGINNING_STRING": rb"\A",
    "AT_END": rb"(?:\n?\z)",
    "AT_END_STRING": rb"\z",
    "AT_BOUNDARY": rb"\b",
    "AT_NON_BOUNDARY": rb"\B",
}
_IN_LINES = {"AT_BEGINNING": b"(?m:^)", "AT_END": b"(?m:$)"}
_BOUNDARIES = {"AT_BOUNDARY", "AT_NON_BOUNDARY"}
_FLAGS = re.IGNORECASE | re.DOTALL | re.ASCII  # those that change which characters match
_NEWLINE = ord("\n")
_WORD_BYTES = [byte for byte in range(128) if chr(byte).isalnum() or byte == ord("_")]
_OTHER_BYTES = [byte for byte in range(256) if byte not in _WORD_BYTES and byte != _NEWLINE]
_MOST_STEPS = 1 << 15  # of RE2's program: the time for one character grows with them
_WORK = 1 << 25  # characters that all searches in one text may read
_FEWEST_MATCHES = 16
_KEPT_CHARACTERS = 4096


class Pattern:
    """A compiled expression. Raises ``ValueError`` with a sentence for the operator if it cannot
    be used.
    """

    def __init__(self, text: str) -> None:
        if re2 is None:
            raise ValueError(_MISSING)
        try:
            re.compile(text)  # finds what the parser alone does not
            parsed = _parser.parse(text)
            translation = _Translation(parsed)
        except re.error as error:
            where = "" if error.pos is None else f" at position {error.pos}"
            raise ValueError(f"Not a regular expression: {error.msg}{where}.") from None
        except (RecursionError, OverflowError):
            raise ValueError(_TOO_LARGE) from None
        if parsed.getwidth()[0] == 0:
            raise ValueError(_EMPTY)
        self._bytes_of = translation.kinds
        self._regexp = _compiled(translation.expression)

    def replaced(self, text: str, replacement: str) -> tuple[str, int]:
        """``text`` with ``replacement`` for each match, and the number of matches.

        A search can read the whole rest of a text to find one character. Where the matches are so
        many that the searches together would take long, the rest of the text counts as one match.
        """
        kinds = text.translate(self._bytes_of).encode("latin-1")
        most = max(_FEWEST_MATCHES, _WORK // (len(text) + 1))
        parts: list[str] = []
        at = 0
        for number, found in enumerate(self._regexp.finditer(kinds), start=1):
            parts += (text[at : found.start()], replacement)
            at = found.end()
            if number == most:
                return "".join(parts), number
        return ("".join([*parts, text[at:]]), len(parts) // 2) if parts else (text, 0)


def _compiled(expression: bytes) -> Any:  # noqa: ANN401 - the package has no types
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False  # it would write the pattern to standard error
    options.never_capture = True
    try:
        regexp = re2.compile(expression, options)
    except re2.error:
        # Python has accepted the expression, so only its size is left.
        raise ValueError(_TOO_LARGE) from None
    if regexp.programsize > _MOST_STEPS:
        raise ValueError(_TOO_LARGE)
    return regexp


class _Kinds(dict[int, int]):
    """Code point → the byte of its kind, as ``str.translate`` asks for it."""

    def __init__(self, starts: Sequence[int], kinds: bytes) -> None:
        super().__init__()
        self._starts = starts
        self._kinds = kinds

    def __missing__(self, point: int) -> int:
        kind = self._kinds[bisect_right(self._starts, point) - 1]
        if len(self) < _KEPT_CHARACTERS:
            self[point] = kind
        return kind


class _Translation:
    """``expression`` is for RE2, over the bytes that ``kinds`` gives the characters of a text."""

    def __init__(self, parsed: _Parsed) -> None:
        self._sets: dict[_Members, int] = {((_NEWLINE, _NEWLINE),): 0}
        self._has_boundaries = False
        flags: int = parsed.state.flags
        parts = list(self._walk(parsed, flags))
        is_word = 0
        if self._has_boundaries:
            word = [(_parser.CATEGORY, _parser.CATEGORY_WORD)]
            is_word = 1 << self._set_of(_parser.IN, word, flags)
        starts, kinds = _segments(self._sets)
        byte_of = _bytes_of(kinds, is_word)
        self.kinds = _Kinds(starts, bytes(byte_of[kind] for kind in kinds))
        self.expression = b"".join(
            part
            if isinstance(part, bytes)
            else _byte_class(byte for kind, byte in byte_of.items() if kind >> part & 1)
            for part in parts
        )

    def _walk(self, parsed: _Parsed, flags: int) -> Iterator[bytes | int]:
        """The expression in parts: bytes, or the number of a set of characters."""
        for step, argument in parsed:
            yield from self._step(step, argument, flags)

    def _step(self, step: _Parsed, argument: _Parsed, flags: int) -> Iterator[bytes | int]:
        name = str(step)
        if name in _CHARACTERS:
            yield self._set_of(step, argument, flags)
        elif name in _REPEATS:
            low, high, inner = argument
            most = "" if high == _parser.MAXREPEAT else str(high)
            yield from self._group([inner], flags)
            yield f"{{{low},{most}}}{_REPEATS[name]}".encode()
        elif name == "BRANCH":
            yield from self._group(argument[1], flags)
        elif name == "SUBPATTERN":
            _, added, removed, inner = argument
            yield from self._group([inner], (flags | added) & ~removed)
        elif name == "AT":
            yield self._place(argument, flags)
        else:
            raise ValueError(_NO_BACKTRACKING if name in _CLOSED else _NO_REFERENCE)

    def _group(self, ways: Sequence[_Parsed], flags: int) -> Iterator[bytes | int]:
        for number, way in enumerate(ways):
            yield b"|" if number else b"(?:"
            yield from self._walk(way, flags)
        yield b")"

    def _place(self, place: _Parsed, flags: int) -> bytes:
        self._has_boundaries |= str(place) in _BOUNDARIES
        in_lines = _IN_LINES.get(str(place)) if flags & re.MULTILINE else None
        return in_lines or _PLACES[str(place)]

    def _set_of(self, step: _Parsed, argument: _Parsed, flags: int) -> int:
        hashable = tuple(argument) if isinstance(argument, list) else argument
        members = _members(step, hashable, flags & _FLAGS)
        return self._sets.setdefault(members, len(self._sets))


@lru_cache(maxsize=256)
def _members(step: _Parsed, argument: _Parsed, flags: int) -> _Members:
    """The characters that one step of an expression matches."""
    if str(step) == "LITERAL" and not flags & re.IGNORECASE:
        return ((argument, argument),)
    state = _parser.State()
    state.flags = flags if flags & re.ASCII else flags | re.UNICODE
    one = _parser.SubPattern(state, [(step, list(argument) if step is _parser.IN else argument)])
    many = _parser.SubPattern(state, [(_parser.MAX_REPEAT, (1, _parser.MAXREPEAT, one))])
    matched = _compiler.compile(many)
    if str(step) == "LITERAL":
        letters = (chr(argument), *_letters_with_case())
        points = sorted({ord(each) for each in letters if matched.match(each)})
        return tuple((point, point) for point in points)
    return tuple((each.start(), each.end() - 1) for each in matched.finditer(_every_character()))


def _every_character() -> str:
    points = array("I", range(sys.maxunicode + 1)).tobytes()
    return points.decode("utf-32", "surrogatepass")


@lru_cache(maxsize=1)
def _letters_with_case() -> tuple[str, ...]:
    return tuple(each for each in _every_character() if not each.lower() == each == each.upper())


def _segments(sets: Mapping[_Members, int]) -> tuple[list[int], list[int]]:
    """(the first code point, the kind) of each run of characters of one kind. A kind is a number
    with a bit for each set that the characters belong to.
    """
    changes: dict[int, int] = {0: 0}
    for members, number in sets.items():
        for first, last in members:
            for point in (first, last + 1):
                changes[point] = changes.get(point, 0) ^ 1 << number
    starts = sorted(changes)
    return starts, list(accumulate((changes[start] for start in starts), xor))


def _bytes_of(kinds: Sequence[int], is_word: int) -> dict[int, int]:
    """Kind → its byte. Kinds with the bit ``is_word`` get a letter, all others none; without such a
    bit it does not matter.
    """
    letters, others = iter(_WORD_BYTES), iter(_OTHER_BYTES)
    free = chain(others, letters)
    byte_of: dict[int, int] = {}
    try:
        for kind in dict.fromkeys(kinds):
            if kind & 1:
                byte_of[kind] = _NEWLINE
            elif is_word:
                byte_of[kind] = next(letters if kind & is_word else others)
            else:
                byte_of[kind] = next(free)
    except StopIteration:
        raise ValueError(_TOO_MANY) from None
    return byte_of


def _byte_class(members: Iterable[int]) -> bytes:
    return b"[%s]" % (b"".join(b"\\x%02x" % byte for byte in members) or rb"^\x00-\xff")
