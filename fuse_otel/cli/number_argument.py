"""Numbers on a command line, within bounds."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeVar

MOST_ID = 2**63 - 1  # of the store
_Number = TypeVar("_Number", int, float)


def number(kind: type[_Number], least: _Number, most: _Number) -> Callable[[str], _Number]:
    """A type for argparse."""

    def read(text: str) -> _Number:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not least <= value <= most:  # nan is in no interval
            raise argparse.ArgumentTypeError(f"the value is not a number from {least} to {most}")
        return value

    return read
