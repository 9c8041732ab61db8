"""Numbers of payment cards (ISO/IEC 7812)."""

from __future__ import annotations

_DIGITS = range(13, 20)


def is_card(digits: str) -> bool:
    """Whether these ASCII digits are as many as those of a card, and the last one checks them."""
    return len(digits) in _DIGITS and _luhn(digits)


def _luhn(digits: str) -> bool:
    """Every second digit from the right counts twice, in its cross sum."""
    numbers = [int(digit) for digit in reversed(digits)]
    twice = (sum(divmod(2 * number, 10)) for number in numbers[1::2])
    return (sum(numbers[::2]) + sum(twice)) % 10 == 0
