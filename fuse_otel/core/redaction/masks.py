"""The one place that says when digits are a personal number and text is an e-mail address.

The thresholds differ, because the cost of masking too much differs:

- A *name* that an author gave often ends in a year or a version, so four digits stay.
- A *text* under ``strict`` loses four digits in a row as well, which may be a secret number.
- *Free* text under ``standard`` should stay useful: four digits in a row stay, and six in groups.
- A *diagnostic* (a log line, a label, a back end's message) holds no call data unless it quotes
  some. It is full of dates, addresses, ports and counters, which an operator needs.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from fuse_otel.core.model.tally import Tally

DIGITS, EMAIL = "[digits]", "[email]"

AT = re.compile("[@\uff20\ufe6b]|%(?:25)*40")
# An @ in other characters, and as XML, JSON and programs write it. The characters of these end an
# address.
WRITTEN_AT = re.compile("[\uff20\ufe6b]|" r"&(?:commat|#0{0,8}64|#[xX]0{0,8}40);|\\(?:u0040|x40)")

# Besides the decimal digits of all scripts: superscripts, subscripts, digits in circles.
_DIGIT = (
    r"[\d\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468\u2474-\u247c\u2488-\u2490"
    r"\u24ea\u24f5-\u24fd\u24ff\u2776-\u277e\u2780-\u2788\u278a-\u2792\U0001f100-\U0001f10a]"
)
ESCAPE = r"\\(?:[nrtvfbe]|u[0-9a-fA-F]{4})|&[A-Za-z]{2,8};|%(?:[0-9][a-fA-F]|[a-fA-F][0-9a-fA-F])"
"""One character as JSON, XML and URLs write it; not ``%20``: its digits may be part of a number."""
# Digits with anything but words between them: people write numbers in many ways. An escape can end
# with a digit, where another search begins, so only a few in a row are read.
_BETWEEN = rf"(?:[^\w\\&%]|_|(?!{ESCAPE})[\\&%])*+"
_APART = rf"(?:{_BETWEEN}(?:(?:{ESCAPE}){_BETWEEN}){{0,8}}+{_DIGIT})"
_FIVE_APART = rf"{_DIGIT}{_APART}{{4,}}"
NAME_NUMBER = re.compile(_FIVE_APART)
TEXT_NUMBER = re.compile(rf"{_FIVE_APART}|{_DIGIT}{{4,}}")
FREE_NUMBER = re.compile(rf"[+(]{{0,2}}{_DIGIT}{_APART}{{6,}}|{_DIGIT}{{5,}}")
FROM_DIGIT_TO_DIGIT = re.compile(rf"{_DIGIT}(?:.*{_DIGIT})?", re.DOTALL)
# Seven digits or more, bare or with the characters between the groups of a phone number.
_DIAGNOSTIC_NUMBER = re.compile(r"(?:\+|\((?=\d{1,4}\)))?\d(?:[ .()/-]{0,2}\d){6,}")
# Seen in the answers of back ends, of the same shape, and harmless.
_HARMLESS = re.compile(
    r"(?:19|20)\d\d-\d\d-\d\d(?: \d\d)?"  # a date, and the hour behind it
    r"|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}"  # an IPv4 address
)

# In a diagnostic the words around it stay. An address begins where its run of letters does, so that
# it is found in one pass, however long the text.
_DIAGNOSTIC_EMAIL = re.compile(r"(?<![^\s@<>\"'(),;:])[^\s@<>\"'(),;:]++@[^\s@<>\"'(),;:]+")


def without_digits(number: re.Pattern[str], text: str, tally: Tally) -> str:
    """``text`` with ``[digits]`` for each ``number``: one of the patterns above."""
    text, count = number.subn(DIGITS, text)
    if count:
        tally.redactions["digits"] += count
    return text


def replaced_words(
    words: re.Pattern[str], text: str, personal: Callable[[str], bool], mask: str, tally: Tally
) -> str:
    """``text`` with ``mask`` for each of the ``words`` that is ``personal``, counted."""

    def replace(found: re.Match[str]) -> str:
        if not personal(found[0]):
            return found[0]
        tally.redactions[mask.strip("[]")] += 1
        return mask

    return words.sub(replace, text)


def mask_digits(text: str) -> str:
    """A diagnostic without runs of seven or more digits, apart from dates and IPv4 addresses."""
    return _DIAGNOSTIC_NUMBER.sub(
        lambda run: run[0] if _HARMLESS.fullmatch(run[0]) else DIGITS, text
    )


def mask_personal(text: str) -> str:
    """A diagnostic with text of a peer: also without e-mail addresses."""
    return mask_digits(_DIAGNOSTIC_EMAIL.sub(EMAIL, text))
