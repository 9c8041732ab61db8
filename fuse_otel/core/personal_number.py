"""What a run of digits in free text is: a date, an id, or somebody's number."""

from __future__ import annotations

import re
from collections import Counter

from fuse_otel.core.call import ListedCall

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
_CARD = range(13, 20)  # digits
_PHONE = range(7, 16)  # digits: E.164 has at most fifteen


class KnownNumbers:
    """The times and ids that belong to one call: digits that are nobody's."""

    __slots__ = ("_ids", "_span")

    def __init__(self, call: ListedCall) -> None:
        self._ids = frozenset({call.session_id})
        known = [second for second in (call.start, call.end) if second is not None]
        self._span = (min(known) - _DAY, max(known) + _DAY) if known else None

    def __call__(self, run: str) -> bool:
        return all(self._harmless(part) for part in _GAP.split(run))

    def _harmless(self, part: str) -> bool:
        if _HARMLESS.match(part) or part in self._ids:
            return True
        if self._span is None or not _STAMP.match(part):
            return False
        return self._span[0] <= int(part[:10]) <= self._span[1]


def number_mask(run: str, redactions: Counter[str]) -> str:
    """What stands for a run of digits, and of what may stand between them."""
    digits = "".join(char for char in run if char.isdecimal())
    if len(digits) in _CARD and _luhn(digits):
        redactions["card"] += 1
        return "[card]"
    if _SSN.match(run):
        redactions["ssn"] += 1
        return "[ssn]"
    if len(digits) in _PHONE and (len(run) > len(digits) or _AMERICAN.match(digits)):
        redactions["phone"] += 1
        return "[phone]"
    redactions["digits"] += 1
    return "[digits]"


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812: every second digit from the right counts twice, in its cross sum."""
    numbers = [int(digit) for digit in reversed(digits)]
    twice = (sum(divmod(2 * number, 10)) for number in numbers[1::2])
    return (sum(numbers[::2]) + sum(twice)) % 10 == 0
