"""Numbers on a command line, within bounds."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from math import isfinite

MOST_ID = 2**63 - 1  # of the store


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """A type for argparse."""

    def read(text: str) -> int:
        digits = text.strip().removeprefix("-")
        if not (digits.isdecimal() and len(digits) < 20 and least <= int(text) <= most):  # noqa: PLR2004 - as MOST_ID
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least} to {most}")
        return int(text)

    return read


def number(least: float, most: float) -> Callable[[str], float]:
    """A type for argparse."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not (isfinite(value) and least <= value <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least:g} to {most:g}")
        return value

    return read
