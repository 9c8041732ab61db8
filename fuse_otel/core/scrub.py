"""Taking personal data out of text that may otherwise leave."""

from __future__ import annotations

import re
from collections import Counter

# Five digits, also with the usual separators between them, are taken for somebody's number: a
# date that is lost with them is the lesser harm.
_DIGITS = re.compile(r"\d(?:[ ().+-]{0,2}\d){4,}")
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@]{1,255}")
_TOKEN = re.compile(r"(?<![\w-])(?=[\w.~+/-]{0,200}\d)(?=[\w.~+/-]{0,200}[A-Za-z])[\w.~+/-]{20,}")


def scrub(text: str, redactions: Counter[str]) -> str:
    """``text`` with e-mail addresses, long numbers and tokens replaced by what they were."""
    if "@" in text:
        text, count = _EMAIL.subn("[email]", text)
        if count:
            redactions["email"] += count
    text, count = _DIGITS.subn("[digits]", text)
    if count:
        redactions["digits"] += count
    if len(text) >= 20:  # noqa: PLR2004 - the shortest token, see above
        text, count = _TOKEN.subn("[token]", text)
        if count:
            redactions["token"] += count
    return text


def clean_name(name: str, redactions: Counter[str]) -> str:
    """A name an author gave (an application's, a module's): one line, at most 128 characters."""
    scrubbed = scrub(name[:512], redactions)
    return " ".join(scrubbed.split())[:128]
