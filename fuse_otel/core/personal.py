"""Personal data in free text, known by its shape: what the redaction ``standard`` takes out.

Every pass is linear in the text. Where two readings of a text are possible it is taken for
personal, but for dates, times and ids.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from fuse_otel.core.iban import without_ibans
from fuse_otel.core.personal_number import number_mask

Kept = Callable[[str], bool]
"""Whether digits are those of a time or an id that is known of the call."""

# One of these is in all that is looked for below: most words and keys have none.
_SUSPECT = re.compile("(?i)[\\d@\uff20\ufe6b%:=]|bearer|basic|eyj")
_CREDENTIALS = re.compile(r"(?<=://)[^\s/?#]*@")
_COOKIE = re.compile(r"(?i)((?<![a-z])(?:set-)?cookie[\"']?\s{0,3}[:=]\s{0,3})[^\n]+")
_SECRET = re.compile(
    r"""(?ix)
    ( (?<![a-z])
      (?: (?:proxy-)?authorization | (?:x[_-])?api[_-]?key | passw(?:or)?d | pwd | pin | cvv | cvc
        | (?:access|refresh|id|auth|bearer)?[_-]?token | (?:client[_-]?)?secret )
      ["']? \s{0,3} [:=] \s{0,3} ["']? )
    (?: (?:bearer|basic|digest|token) \s{1,3} )?
    [^\s"',;&]+
    """
)
_BEARER = re.compile(r"(?i)(?<![a-z])(bearer[\s:]{1,3})[^\s\"',;]{4,}")
_BASIC = re.compile(r"(?<![A-Za-z])([Bb]asic\s{1,3})(?=[a-z+/]*[A-Z0-9=])[A-Za-z0-9+/=]{6,}")
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{4,}\.[\w-]{2,}(?:\.[\w-]*)?")
_LONG_WORD = re.compile(r"[\w~+=-]{20,}")
_PART = re.compile(r"[_=~+-]+")
_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[^\W\d_]")
# What an address may be a part of ends it; what may be a part of an address does not.
_ADDRESS = re.compile(r'[^\s"<>(),;:\[\]\\]+')
_IN_URL = re.compile(r"[^/?&=#]+")
_AT = re.compile("[@\uff20\ufe6b]|%40")
# Ids in machines' own spelling: a UUID, a W3C trace context.
_MACHINE_ID = re.compile(
    r"(?<![\w-])(?:[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"
    r"|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})(?![\w-])"
)
# Seven digits with anything but words between them, or five in a row.
_NUMBER = re.compile(r"[+(]{0,2}\d(?:[\W_]{0,3}\d){6,}|\d{5,}")


def without_personal(text: str, kept: Kept, redactions: Counter[str]) -> str:
    """``text`` without e-mail addresses, credentials, card, bank, phone and social security
    numbers, and other long numbers, each replaced by what it was.
    """
    if not _SUSPECT.search(text):
        return text
    text = _without_credentials(text, redactions)
    if "-" in text:
        return _between_ids(text, kept, redactions)
    return _without_numbers(_without_words(text, redactions), kept, redactions)


def _between_ids(text: str, kept: Kept, redactions: Counter[str]) -> str:
    parts, at = [], 0
    for found in _MACHINE_ID.finditer(text):
        parts += [text[at : found.start()], found[0]]
        at = found.end()
    parts.append(text[at:])
    parts[::2] = [
        _without_numbers(_without_words(part, redactions), kept, redactions) for part in parts[::2]
    ]
    return "".join(parts)


def _without_credentials(text: str, redactions: Counter[str]) -> str:
    text, count = _CREDENTIALS.subn("", text)
    for rule in (_COOKIE, _SECRET, _BEARER, _BASIC):
        text, found = rule.subn(r"\1[secret]", text)
        count += found
    if count:
        redactions["secret"] += count
    return text


def _without_words(text: str, redactions: Counter[str]) -> str:
    """Without what is personal from one space to the next."""
    text, count = _JWT.subn("[token]", text)
    if count:
        redactions["token"] += count
    if _AT.search(text):
        # Of a number in groups that stands before an @ an address would take the last group alone.
        text = _NUMBER.sub(lambda run: _without_number_at(run, redactions), text)
        text = _ADDRESS.sub(lambda word: _without_address(word[0], redactions), text)
    text = without_ibans(text, redactions)
    return _LONG_WORD.sub(lambda word: _without_token(word[0], redactions), text)


def _without_number_at(run: re.Match[str], redactions: Counter[str]) -> str:
    before, after = run.string[run.start() - 1 : run.start()], run.string[run.end() : run.end() + 3]
    if before.isalnum() or not (_AT.match(after) or _AT.search(run[0])):
        return run[0]
    return number_mask(run[0], redactions)


def _without_address(word: str, redactions: Counter[str]) -> str:
    if not _AT.search(word):
        return word
    if word.startswith("//"):
        return _IN_URL.sub(lambda part: _without_address(part[0], redactions), word)
    redactions["email"] += 1
    return "[email]"


def _without_token(word: str, redactions: Counter[str]) -> str:
    """Digits and letters mixed in one part of a long word; authors' own names do not mix them."""
    if not any(_DIGIT.search(part) and _LETTER.search(part) for part in _PART.split(word)):
        return word
    redactions["token"] += 1
    return "[token]"


def _without_numbers(text: str, kept: Kept, redactions: Counter[str]) -> str:
    return _NUMBER.sub(
        lambda run: run[0] if kept(run[0]) else number_mask(run[0], redactions), text
    )
