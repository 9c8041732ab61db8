"""Personal data in free text, recognised by its shape: what the redaction ``standard`` removes.

Every pass is linear in the text. What could be personal counts as personal, apart from dates, times
and ids. Names and addresses of hosts may leave, also in texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from unicodedata import digit

from fuse_otel.core.model.call import ListedCall
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.redaction.credentials import VENDORS, without_credentials
from fuse_otel.core.redaction.lettered_numbers import is_card, without_lettered_numbers
from fuse_otel.core.redaction.masks import (
    AT,
    DIGITS,
    EMAIL,
    ESCAPE,
    FREE_NUMBER,
)
from fuse_otel.core.redaction.tokens import Tokens

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
HOST_IN_URL = rf"(?<=://)({_NAME})(?::[0-9]{{1,5}})?(?![\w.@:%-]|[^\s/?#]*(?:@|%(?:25)*40))"
"""A host and a port; the host is the first group. What an @ follows is a user's name."""
_HOST = re.compile(rf"{_NAME}\Z")
# An address of four groups of three is no number, and neither are the letters and digits of a
# machine's name.
_NUMBER_IN_HOST = re.compile(r"\d{5}|\d{4}[.-]\d|\d[.-]\d{4}")
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IPV4 = re.compile(rf"(?<!\d)(?:{_OCTET}[.-]){{3}}{_OCTET}(?!\d)")


def is_plain_host(host: str) -> bool:
    """Whether the name of a host, or its IPv4 address, holds no number of somebody."""
    if not _HOST.match(host) or _NUMBER_IN_HOST.search(host):
        return False
    # With more groups beside it, an address is a part of a longer number.
    return not FREE_NUMBER.search(_IPV4.sub("0000", host))


_DAY = 86_400
_MONTH, _DAY_OF_MONTH = r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_DATE = rf"(?:19|20)\d\d[-/.]{_MONTH}[-/.]{_DAY_OF_MONTH}|{_MONTH}/{_DAY_OF_MONTH}/(?:19|20)\d\d"
_TIME = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d{1,6})?)?(?: ?[+-](?:0\d|1[0-4]):?[0-5]\d)?"
# Also a session id as Plum writes it.
_HARMLESS = re.compile(rf"(?:{_DATE}|{_TIME}|\d{{1,8}};\d{{1,6}};1\d{{9}})\Z", re.ASCII)
_GAP = re.compile(r"[\s,]+")
_STAMP = re.compile(r"1\d{9}(?:\d{3})?\Z", re.ASCII)
_SSN = re.compile(r"\d{3}[ -]\d{2}[ -]\d{4}\Z")
_AMERICAN = re.compile(r"1?[2-9]\d{9}\Z", re.ASCII)
_ESCAPES = re.compile(ESCAPE)
_PHONE = range(7, 16)  # digits: E.164 has at most fifteen


class KnownNumbers:
    """The times and ids that belong to one call: digits that are not personal. ``were_read`` is
    true once a text was compared with them: its redaction may differ in another call.
    """

    __slots__ = ("_ids", "_span", "session_id", "were_read")

    def __init__(self, call: ListedCall) -> None:
        self.session_id = call.session_id
        self.were_read = False
        self._ids = frozenset({call.session_id})
        known = [second for second in (call.start, call.end) if second is not None]
        self._span = (min(known) - _DAY, max(known) + _DAY) if known else None

    def __call__(self, run: str) -> bool:
        self.were_read = True
        return all(self._harmless(part) for part in _GAP.split(run))

    def _harmless(self, part: str) -> bool:
        if _HARMLESS.match(part) or part in self._ids or not any(map(str.isdigit, part)):
            return True
        if self._span is None or not _STAMP.match(part):
            return False
        return self._span[0] <= int(part[:10]) <= self._span[1]


def number_mask(run: str, tally: Tally) -> str:
    """The replacement of a run of digits and of the characters between them."""
    written = [char for char in _ESCAPES.sub("", run) if char.isdigit()]
    digits = "".join(str(digit(char)) for char in written)
    if is_card(digits):
        tally.redactions["card"] += 1
        return "[card]"
    if _SSN.match(run):
        tally.redactions["ssn"] += 1
        return "[ssn]"
    if len(digits) in _PHONE and (len(run) > len(digits) or _AMERICAN.match(digits)):
        tally.redactions["phone"] += 1
        return "[phone]"
    tally.redactions["digits"] += 1
    return DIGITS


# International bank account numbers (ISO 13616).
_SHORTEST = 15
_LETTERS = 10
# Two letters, two digits, and more of both; people write it in groups.
_START = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?:[ \u00a0-]?[A-Za-z0-9]){11,30}")


def without_ibans(text: str, tally: Tally) -> str:
    parts, at = [], 0
    while found := _START.search(text, at):
        size = _size(found[0], text[found.end() : found.end() + 1])
        if size:
            tally.redactions["iban"] += 1
        end = found.start() + (size or 4)
        parts += [text[at : found.start()], "[iban]" if size else text[found.start() : end]]
        at = end
    return "".join([*parts, text[at:]]) if parts else text


def _size(candidate: str, following: str) -> int:
    """How many characters of it are an account number, 0 for none: it may run on into the words
    that follow. The check digits make the number, the first four characters moved to its end, 1
    modulo 97, letters counting from 10.
    """
    moved = int("".join(str(int(each, 36)) for each in candidate[:4]))
    size, length, rest = 0, 4, 0
    for at in range(4, len(candidate)):
        if candidate[at].isalnum():
            value = int(candidate[at], 36)
            rest = (rest * (100 if value >= _LETTERS else 10) + value) % 97
            length += 1
            ends = not (candidate[at + 1 : at + 2] or following).isalnum()
            if ends and length >= _SHORTEST and (rest * 10**6 + moved) % 97 == 1:
                size = at + 1
    return size


Kept = Callable[[str], bool]
"""Whether digits are those of a time or an id that is known of the call."""

# One of these is in all that is looked for: most words and keys have none.
_SUSPECT = re.compile(
    "(?i)[\\d@%:=<&\"'`\uff20\ufe6b\uff1a\uff1d\u00b2\u00b3\u00b9\u2070-\u2089\u2460-\u24ff\u2776-\u2793"
    "\U0001f100-\U0001f10a]|->|(?<!\\w)--?\\w|bearer|basic|eyj|" + VENDORS
)
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{4,}\.[\w-]{2,}(?:\.[\w-]*)?")
_LONG_WORD = re.compile(r"[\w~+=-]{20,}")
_PART = re.compile(r"[_=~+-]+")
_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[^\W\d_]")
# What an address may be a part of ends it; what may be a part of an address does not.
_ADDRESS = re.compile(r'[^\s"<>(),;:\[\]\\]+')
_IN_URL = re.compile(r"[^/?&=#]+")
# A host, and ids in machines' own spelling: a UUID, a W3C trace context.
_MACHINES = re.compile(
    rf"{HOST_IN_URL}"
    r"|(?<![\w-])(?:[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"
    r"|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})(?![\w-])"
)


def without_personal(text: str, kept: Kept, tally: Tally, *, is_name: bool = False) -> str:
    """``text`` without e-mail addresses, credentials, card, bank, phone and social security
    numbers, and other long numbers, each replaced by its kind. In a name that an author gave
    (``is_name``) a long word is no token: authors join words and numbers.
    """
    if not _SUSPECT.search(text):
        return text
    text = without_credentials(text, tally)
    parts, at = [], 0  # every second part stays
    if "-" in text or "://" in text:
        for found in _MACHINES.finditer(text):
            if found[1] is None or is_plain_host(found[1]):
                parts += [text[at : found.start()], found[0]]
                at = found.end()
    parts.append(text[at:])
    parts[::2] = [
        _without_numbers(_without_words(part, kept, tally, is_name=is_name), kept, tally)
        for part in parts[::2]
    ]
    return "".join(parts)


def _without_words(text: str, kept: Kept, tally: Tally, *, is_name: bool) -> str:
    """``text`` without the words that are personal."""
    text, count = _JWT.subn("[token]", text)
    if count:
        tally.redactions["token"] += count
    if AT.search(text):
        # Of a number in groups before an @ the pattern of an address would match only the last
        # group.
        text = FREE_NUMBER.sub(lambda run: _without_number_at(run, tally), text)
        text = _ADDRESS.sub(lambda word: _without_address(word[0], tally), text)
    text = without_ibans(text, tally)
    if is_name:
        return text
    return _TOKENS.replaced(text, kept, tally)


def _without_number_at(run: re.Match[str], tally: Tally) -> str:
    before, after = run.string[run.start() - 1 : run.start()], run.string[run.end() : run.end() + 8]
    if before.isalnum() or not (AT.match(after) or AT.search(run[0])):
        return run[0]
    return number_mask(run[0], tally)


def _without_address(word: str, tally: Tally) -> str:
    if not AT.search(word):
        return word
    if word.startswith("/"):
        return _IN_URL.sub(lambda part: _without_address(part[0], tally), word)
    tally.redactions["email"] += 1
    return EMAIL


def _is_token(word: str) -> bool:
    """Digits and letters mixed in one part of a long word; authors' own names do not mix them."""
    return any(_DIGIT.search(part) and _LETTER.search(part) for part in _PART.split(word))


_TOKENS = Tokens(_LONG_WORD, _is_token, FREE_NUMBER, number_mask)


def _without_numbers(text: str, kept: Kept, tally: Tally) -> str:
    text = without_lettered_numbers(text, tally)
    return FREE_NUMBER.sub(lambda run: run[0] if kept(run[0]) else number_mask(run[0], tally), text)
