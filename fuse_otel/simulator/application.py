"""What an application is: a number that people call, and a flow that talks to them.

The callers and their data are invented: numbers end in 555-01xx (reserved for fiction), cards are
the published test numbers of the schemes, addresses are under example.com.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from fuse_otel.simulator.call_flow import CallBoxes

_AREAS = ("212", "617", "415", "312", "206", "713", "404", "303")
_CARDS = ("4111111111111111", "5555555555554444", "378282246310005", "6011111111111117")
_NAMES = ("ada", "grace", "alan", "edsger", "barbara", "donald", "frances", "ken")


@dataclass(frozen=True, slots=True)
class Application:
    """``share`` weighs how often it is called among its like; ``leaving`` is the part of callers
    who hang up at some moment on the way.
    """

    name: str
    version: str
    revision: str
    number: str
    flow: Callable[[CallBoxes], None]
    share: float = 1.0
    leaving: float = 0.15
    outbound: bool = False


def invent_phone(dice: Random) -> str:
    return f"{dice.choice(_AREAS)}55501{dice.randrange(100):02d}"


def invent_card(dice: Random) -> str:
    return dice.choice(_CARDS)


def invent_address(dice: Random) -> str:
    return f"{dice.choice(_NAMES)}{dice.randrange(1000)}@example.com"


def invent_digits(dice: Random, length: int) -> str:
    return str(dice.randrange(10 ** (length - 1), 10**length))
