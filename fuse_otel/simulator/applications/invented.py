"""Invented people and payments: nothing here belongs to anybody.

Numbers end in 555-01xx (kept for fiction), cards are the schemes' published test numbers,
addresses are under example.com.
"""

from __future__ import annotations

from random import Random

_AREAS = ("212", "617", "415", "312", "206", "713", "404", "303")
_CARDS = ("4111111111111111", "5555555555554444", "378282246310005", "6011111111111117")
_NAMES = ("ada", "grace", "alan", "edsger", "barbara", "donald", "frances", "ken")


def phone(dice: Random) -> str:
    return f"{dice.choice(_AREAS)}55501{dice.randrange(100):02d}"


def card(dice: Random) -> str:
    return dice.choice(_CARDS)


def address(dice: Random) -> str:
    return f"{dice.choice(_NAMES)}{dice.randrange(1000)}@example.com"


def digits(dice: Random, length: int) -> str:
    return str(dice.randrange(10 ** (length - 1), 10**length))
