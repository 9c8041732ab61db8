"""Texts and data that the data model has no name for, as far as a mode lets them leave. Data of any
shape become flat attributes.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from functools import lru_cache
from itertools import chain

from fuse_otel.core.model.limits import LONG_NAME, MAX_ATTRIBUTE_NAME, MAX_VALUE
from fuse_otel.core.model.redaction_policy import Mode
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import Value
from fuse_otel.core.redaction.credentials import is_secret_name
from fuse_otel.core.redaction.custom_rules import Compiled, marked
from fuse_otel.core.redaction.personal_data import KnownNumbers, without_personal
from fuse_otel.core.redaction.scrub import cut_between_words

DATA = "fuse.data."
PERSONAL = "fuse.pii."
MOST = 128  # attributes of one key
_DEEPEST = 12
_LONGEST_PATH, _LONGEST_NAME = 256, 128
_MOST_SCALARS = 128  # of one list
_HUGE = 10**18  # Python takes long to write integers of thousands of digits, or refuses

Leaf = str | bool | int | float | tuple[str, ...]


def leaves(key: str, value: object, dropped: frozenset[str]) -> Iterator[tuple[str, Leaf]]:
    """(path, value) for every scalar inside, in order, at most ``MOST``; the names of a path are
    joined by dots. A list of scalars is one leaf. Keys in ``dropped``, which are case-folded, are
    left out, and with them everything below.
    """
    stack: list[tuple[str, object, int]] = [(_name(key), value, 0)]
    found = 0
    while stack and found < MOST:
        path, inner, depth = stack.pop()
        if isinstance(inner, dict | list) and depth < _DEEPEST:
            scalars = _scalars(inner)
            if scalars is None:
                stack += reversed(_below(path, inner, depth, dropped))
                continue
            inner = scalars
        if isinstance(inner, str | bool | int | float | tuple):
            found += 1
            yield path, inner


def number_text(number: float) -> str:
    """As it would stand in a text; ``4111111111111111.0`` without its fraction."""
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if isinstance(number, int) and not -_HUGE < number < _HUGE:
        return "0" * 20  # only a card, phone or account number is so long
    return str(number)


def _scalars(value: dict[str, object] | list[object]) -> tuple[str, ...] | None:
    """A list of nothing but scalars as texts."""
    if isinstance(value, dict) or any(isinstance(each, dict | list) for each in value):
        return None
    return tuple(_text(each) for each in value[:_MOST_SCALARS] if each is not None)


def _text(scalar: object) -> str:
    if isinstance(scalar, bool):
        return "true" if scalar else "false"
    return number_text(scalar) if isinstance(scalar, int | float) else str(scalar)


def _below(
    path: str, value: dict[str, object] | list[object], depth: int, dropped: frozenset[str]
) -> list[tuple[str, object, int]]:
    named = value.items() if isinstance(value, dict) else enumerate(value)
    return [
        (f"{path}.{_name(str(name))}", inner, depth + 1)
        for name, inner in list(named)[:MOST]
        if len(path) <= _LONGEST_PATH and str(name).casefold() not in dropped
    ]


def _short(name: str, taken: Container[str]) -> str:
    """The name, or one of its first parts and a number that is not taken, where it is too long."""
    if _size(name) <= MAX_ATTRIBUTE_NAME:
        return name
    parts = name.split(".")
    room = MAX_ATTRIBUTE_NAME - len(f".{LONG_NAME}.{MOST}")
    while _size(".".join(parts)) > room:
        parts.pop()
    short = ".".join([*parts, LONG_NAME])
    numbered = (f"{short}.{number}" for number in range(2, MOST + 1))
    return next(each for each in chain((short,), numbered) if each not in taken)


def _size(name: str) -> int:
    return len(name.encode(errors="surrogatepass"))


def _name(key: str) -> str:
    """A longer name is replaced: its beginning could end inside a number."""
    return key if len(key) <= _LONGEST_NAME else LONG_NAME


MASKED = "[secret]"
_WORD = re.compile(r"[a-z]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SECRET_WORDS = frozenset({
    "password", "passwd", "pwd", "passcode", "secret", "token", "apikey", "authorization",
    "cookie", "credential", "credentials", "pin", "cvv", "cvc", "csc", "ssn",
})  # fmt: skip
_PERSONAL_WORDS = _SECRET_WORDS | frozenset({
    "to", "from", "cc", "bcc", "sender", "recipient", "subject", "body",
    "name", "firstname", "lastname", "fullname", "address", "street", "city", "zip",
    "email", "mail", "phone", "mobile", "number", "ani", "caller", "callerid",
    "dob", "birth", "birthday", "card", "account", "iban", "member", "patient",
    "customer", "input", "utterance", "transcript",
})  # fmt: skip
_IDS = frozenset({"prompt_id", "revision_id"})
_ID = re.compile(r"\d{1,8}\Z", re.ASCII)
_SMALL = 10_000
_LONG_ID = 12  # a session id of fewer characters may be a part of a phone number


class Freeform:
    """Under ``off`` what looks personal leaves as ``fuse.pii.…``; under the other modes it does
    not leave.
    """

    def __init__(self, mode: Mode, patterns: Sequence[Compiled], known: KnownNumbers) -> None:
        self._off = mode is Mode.OFF
        self._patterns = patterns
        self._kept = known
        self._session_id = known.session_id if len(known.session_id) >= _LONG_ID else None

    def text(self, text: str, tally: Tally) -> str:
        """The text as it may leave."""
        text = marked(text, self._patterns, tally)
        return text if self._off else self._scrubbed(text, tally)

    def attributes(
        self,
        key: str,
        value: object,
        dropped: frozenset[str],
        tally: Tally,
        variable: str = "",
    ) -> dict[str, Value]:
        """An attribute for each scalar inside; of two with the same name the first. ``variable``
        is what the value is called besides its key.
        """
        redacted = self._as_it_is if self._off else self._clean
        found: dict[str, Value] = {}
        for path, leaf in leaves(key, value, dropped):
            words = _words(path) | _words(variable)
            name, clean = redacted(path, leaf, words, tally)
            found.setdefault(_short(name, found), clean)
        return found

    def assigned(self, variable: str, line: str, limit: int, tally: Tally) -> str:
        """A line that gives the variable a value, as it may leave."""
        if self._off or not _words(variable) & _SECRET_WORDS:
            return self.text(cut_between_words(line, limit), tally)
        tally.redactions["secret"] += 1
        before, equals, _ = line.partition("=")
        return f"{self.text(before, tally)}= {MASKED}" if equals else MASKED

    def _clean(
        self, path: str, leaf: Leaf, words: frozenset[str], tally: Tally
    ) -> tuple[str, Value]:
        name = DATA + self.text(path, tally)
        if words & _SECRET_WORDS and not isinstance(leaf, bool):
            tally.redactions["secret"] += 1
            return name, MASKED
        if path in _IDS and _ID.match(str(leaf)):
            return name, leaf
        return name, self._clean_leaf(leaf, tally)

    def _clean_leaf(self, leaf: Leaf, tally: Tally) -> Value:
        if isinstance(leaf, bool):
            return leaf
        if isinstance(leaf, str):
            return self.text(cut_between_words(leaf, MAX_VALUE), tally)
        if isinstance(leaf, tuple):
            return self._clean_list(leaf, tally)
        if not self._patterns and -_SMALL < leaf < _SMALL and isinstance(leaf, int):
            return leaf
        written = number_text(leaf)
        clean = self.text(written, tally)
        return leaf if clean == written else clean

    def _clean_list(self, leaf: tuple[str, ...], tally: Tally) -> tuple[str, ...]:
        """Somebody's number may stand in it in parts."""
        clean = tuple(self.text(cut_between_words(each, MAX_VALUE), tally) for each in leaf)
        joined = " ".join(clean)
        whole = self.text(joined, tally)
        return clean if whole == joined else (whole,)

    def _as_it_is(
        self, path: str, leaf: Leaf, words: frozenset[str], tally: Tally
    ) -> tuple[str, Value]:
        looks = Tally()
        self._scrubbed(path, looks)
        self._scrubbed(" ".join(leaf) if isinstance(leaf, tuple) else str(leaf), looks)
        named = words & _PERSONAL_WORDS
        personal = path not in _IDS and (looks.redactions or named)
        prefix = f"{PERSONAL}data." if personal else DATA
        return prefix + self.text(path, tally), self._marked_leaf(leaf, tally)

    def _marked_leaf(self, leaf: Leaf, tally: Tally) -> Value:
        if isinstance(leaf, str):
            return self.text(leaf, tally)
        if isinstance(leaf, tuple):
            return tuple(self.text(each, tally) for each in leaf)
        if isinstance(leaf, bool) or not self._patterns:
            return leaf
        written = number_text(leaf)
        clean = self.text(written, tally)
        return leaf if clean == written else clean

    def _scrubbed(self, text: str, tally: Tally) -> str:
        if self._session_id is None or self._session_id not in text:
            return without_personal(text, self._kept, tally)
        self._kept.were_read = True
        parts = text.split(self._session_id)
        return self._session_id.join(without_personal(part, self._kept, tally) for part in parts)


@lru_cache(maxsize=1024)  # keys are few, and stand in every call
def _words(path: str) -> frozenset[str]:
    """The words of a key, however it joins them: ``customerName``, ``customer_name``, and those
    joined: ``api_key``. ``secret`` is one of them for whatever texts know as the name of a secret.
    """
    words = set(_WORD.findall(_CAMEL.sub(" ", path).lower()))
    words.update("".join(_WORD.findall(name)) for name in path.lower().split("."))
    if any(map(is_secret_name, path.split("."))):
        words.add("secret")
    return frozenset(words)
