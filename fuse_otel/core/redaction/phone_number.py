"""The digits that stand for a phone number, however it is written. ``user.hash`` is made of them,
so a change of these rules makes other pseudonyms of the same people.
"""

from __future__ import annotations

import re
from unicodedata import decimal, normalize
from urllib.parse import unquote

_NORTH_AMERICA = "1"
_NATIONAL = 10  # digits of a North American number without its country code
_SHORTEST_ABROAD = 8  # digits of a number with its country code
_PREFIXES = ("011", "00")  # dialled before a country code, in North America and elsewhere
_SHORTEST = 7  # digits; a comma behind fewer is inside the number
_IN_BRACKETS = re.compile(r"<([^<>]*)>")
_SCHEME = re.compile(r"\s*(?:(sips?|h323)|tel|callto):(?://)?", re.IGNORECASE)
_BARE = re.compile(r"[+\d().\s-]+\Z")
_IPV4 = re.compile(r"\s*\d{1,3}(?:\.\d{1,3}){3}\s*\Z")
_BEGINNING = re.compile(r"[+\d]")
_PARAMETERS = re.compile(r"[;:?@]")
_EXTENSION = re.compile(r"[^\W\d_]|[#*&=|]")  # x55, ext. 55, #55
_TRUNK = re.compile(r"\(\s*0\s*\)")  # +44 (0)20: dialled only inside the country


def international_digits(written: str) -> str:
    """The number with its country code, as in E.164 without the plus; empty if there is none.

    North American numbers may be national; another country's national number stays as it is.
    ``+``, ``011`` and ``00`` begin an international number. An extension, the parameters and the
    host of a URI do not count.
    """
    if written.isascii() and written.isdigit():
        number, digits = written, written
    else:
        number = _number_in(written)
        digits = _digits(number)
    has_plus = number.startswith("+") and not digits.startswith("0")
    abroad = _without_prefix(digits)
    if has_plus or abroad:
        digits = _digits(_TRUNK.sub("", number))
        return digits if has_plus else _without_prefix(digits)
    return _NORTH_AMERICA + digits if len(digits) == _NATIONAL else digits


def digits_as_written(written: str) -> str:
    """The digits of the number, with a country code only if one is written."""
    if written.isascii() and written.isdigit():
        return written
    return _digits(_number_in(written))


def _number_in(written: str) -> str:
    """The part of the text that is the number, from its plus or first digit on; it may be empty."""
    if written.startswith("+") and written.isascii() and written[1:].isdigit():
        return written  # the API's usual spelling: the rules below change nothing in it
    text = normalize("NFKC", written)
    in_brackets = _IN_BRACKETS.search(text)
    text = unquote(in_brackets[1] if in_brackets else text)
    scheme = _SCHEME.match(text)
    text = text[scheme.end() :] if scheme else text
    number = _PARAMETERS.split(text, maxsplit=1)[0]
    if _IPV4.match(number) or (
        scheme and scheme[1] and "@" not in text and not _BARE.match(number)
    ):
        return ""  # a host
    beginning = _BEGINNING.search(number)
    return _without_extension(number[beginning.start() :]) if beginning else ""


def _without_extension(number: str) -> str:
    number = _EXTENSION.split(number, maxsplit=1)[0]
    before, comma, _ = number.partition(",")
    return before if comma and len(_digits(before)) >= _SHORTEST else number


def _without_prefix(digits: str) -> str:
    """The digits behind a prefix for international calls; empty if they do not begin with one."""
    for prefix in _PREFIXES:
        rest = digits.removeprefix(prefix)
        if len(rest) < len(digits) and len(rest) >= _SHORTEST_ABROAD:
            return rest
    return ""


def _digits(text: str) -> str:
    if text.isascii():
        return "".join(filter(str.isdigit, text))
    return "".join(str(decimal(char)) for char in text if char.isdecimal())
