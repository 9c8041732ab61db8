"""The last guard before text leaves by a log line or a label: no run of digits that could be a
phone number or a card. What comes here should hold none; back ends quote what they like.
"""

from __future__ import annotations

import re

MASK = "[digits]"

# Seven digits or more, bare or with what people write between the groups of a phone number.
_RUN = re.compile(r"(?:\+|\()?[0-9](?:[ .()/-]{0,2}[0-9]){6,}")
# Seen in the answers of back ends, of the same shape, and harmless.
_HARMLESS = re.compile(
    r"(?:19|20)\d\d-\d\d-\d\d(?: \d\d)?"  # a date, and the hour behind it
    r"|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}"  # an IPv4 address
)


def mask_digits(text: str) -> str:
    """``text`` with every run of seven or more digits replaced, dates and addresses apart."""
    return _RUN.sub(_masked, text)


def _masked(run: re.Match[str]) -> str:
    return run.group() if _HARMLESS.fullmatch(run.group()) else MASK
