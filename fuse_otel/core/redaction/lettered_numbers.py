"""Numbers of payment cards (ISO/IEC 7812). Cards and American numbers with single letters between
their groups: ``4111x1111x1111x1111``, ``1 x 212x555x0123``. Sizes and durations are written alike:
``1920x1080``, ``1h30m15s``.
"""

from __future__ import annotations

import re
from unicodedata import digit

from fuse_otel.core.model.tally import Tally

_DIGITS = range(13, 20)


def is_card(digits: str) -> bool:
    """Whether these ASCII digits are as many as those of a card, and the last one checks them."""
    return len(digits) in _DIGITS and _luhn(digits)


def _luhn(digits: str) -> bool:
    """Every second digit from the right counts twice, in its cross sum."""
    numbers = [int(digit) for digit in reversed(digits)]
    twice = (sum(divmod(2 * number, 10)) for number in numbers[1::2])
    return (sum(numbers[::2]) + sum(twice)) % 10 == 0


_LETTER = r"[ ._-]{0,2}[^\W\d_][ ._-]{0,2}"
_GROUP = r"\d{1,6}+(?!\d)"
_RUN = re.compile(rf"(?<!\d){_GROUP}(?:{_LETTER}{_GROUP}){{2,}}+")
_PHONE = re.compile(
    rf"(?<!\d)(?:1{_LETTER})?[2-9]\d\d(?P<gap>{_LETTER})\d{{3}}(?i:(?P=gap))\d{{4}}(?!\d)"
)


def _shape(*sizes: int) -> re.Pattern[str]:
    first, *others = (rf"\d{{{size}}}" for size in sizes)
    behind = "".join(rf"(?i:(?P=gap)){other}" for other in others[1:])
    return re.compile(rf"(?<!\d){first}(?P<gap>{_LETTER}){others[0]}{behind}(?!\d)")


_CARDS = (_shape(4, 4, 4, 4), _shape(4, 6, 5), _shape(4, 6, 4), _shape(4, 4, 4, 4, 3))


def without_lettered_numbers(text: str, tally: Tally) -> str:
    """``text`` with ``[card]`` and ``[phone]`` for such numbers. Linear in the text."""
    return _RUN.sub(lambda run: _masked(run[0], tally), text)


def _masked(run: str, tally: Tally) -> str:
    """The run as a whole may be a card in groups of any size. Beside other groups, such as the
    size of a picture, a card is known by the usual sizes of its groups.
    """
    if is_card(_digits(run)):
        tally.redactions["card"] += 1
        return "[card]"
    parts, at = [], 0
    for start, end in _cards(run):
        tally.redactions["card"] += 1
        parts += [run[at:start], "[card]"]
        at = end
    run, phones = _PHONE.subn("[phone]", "".join([*parts, run[at:]]))
    if phones:
        tally.redactions["phone"] += phones
    return run


def _cards(run: str) -> list[tuple[int, int]]:
    """From where to where a card may be in it. Of five groups the first four or the last four may
    be one, and by chance both are: then all five are taken.
    """
    found: list[tuple[int, int]] = []
    for span in sorted(span for shape in _CARDS for span in _spans(shape, run)):
        if found and span[0] < found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], span[1])
        else:
            found.append(span)
    return found


def _spans(shape: re.Pattern[str], run: str) -> list[tuple[int, int]]:
    spans, at = [], 0
    while found := shape.search(run, at):
        if is_card(_digits(found[0])):
            spans.append(found.span())
        at = found.start() + 1
    return spans


def _digits(run: str) -> str:
    return "".join(str(digit(char)) for char in run if char.isdecimal())
