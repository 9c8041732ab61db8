r"""Letters that are not written as such: escaped, full-width, or with invisible characters between
them. ``pass\u0077ord``, ``p%61ssword`` and ``pass<soft hyphen>word`` are read as ``password``.
"""

from __future__ import annotations

import re
from unicodedata import normalize

# Hyphen, low line, and the ASCII letters. Only what a name consists of is read: what ends a value,
# such as a quote, keeps its escape, so that the value stays in one piece.
_HEX = r"(?:2[dD]|5[fF]|[46][1-9a-fA-F]|[57][0-9aA])"
_DECIMAL = r"(?:45|95|6[5-9]|[78]\d|90|9[7-9]|1[01]\d|12[0-2])"
# What Unicode calls default ignorable: not only characters of the category Cf, such as the soft
# hyphen, but also fillers, variation selectors and tags.
_INVISIBLE = (
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Full-width, in circles, and the alphabets of mathematics.
_STYLED = "[\uff0d\uff21-\uff3a\uff3f\uff41-\uff5a\u24b6-\u24e9\U0001d400-\U0001d6a3]"
_OTHERWISE = re.compile(
    rf"{_INVISIBLE}|(?P<styled>{_STYLED})"
    rf"|\\{{1,8}}(?:u00|x|u\{{0{{0,4}}|U000000)(?P<program>{_HEX})\}}?"
    rf"|%(?:25){{0,8}}(?P<url>{_HEX})"
    rf"|&(?:amp;){{0,8}}#(?:0{{0,8}}(?P<decimal>{_DECIMAL})(?!\d)|[xX]0{{0,8}}(?P<xml>{_HEX}));?"
)


def plain_letters(text: str) -> str:
    """``text`` with its letters as such, and without invisible characters. Linear in the text."""
    return _OTHERWISE.sub(_letter, text)


def _letter(found: re.Match[str]) -> str:
    kind = found.lastgroup
    if kind is None:
        return ""
    if kind == "styled":
        return normalize("NFKC", found[0])
    return chr(int(found[kind], 10 if kind == "decimal" else 16))
