"""Numbers on the command line: out of bounds they are usage errors, never tracebacks."""

import argparse

import pytest

from fuse_otel.cli import main
from fuse_otel.cli.arguments import MOST_ID, number

HUGE = "9" * 30


@pytest.mark.parametrize(
    "words",
    [
        ("parked", "show", HUGE), ("parked", "replay", HUGE), ("parked", "drop", "0"),
        ("parked", "list", "--limit", HUGE), ("parked", "list", "--limit", "-1"),
        ("show", "x", "--width", HUGE), ("show", "x", "--width", "²"),
        ("demo", "--rate", "0"), ("demo", "--rate", "nan"), ("demo", "--rate", "inf"),
        ("demo", "--seconds", "-1"), ("demo", "--seconds", "nan"), ("demo", "--seconds", "soon"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_number_out_of_bounds_is_a_usage_error(words, capsys):
    assert main(list(words)) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "is not a number from" in printed.err


def test_the_bounds_themselves_are_good():
    assert number(int, 1, MOST_ID)(str(MOST_ID)) == MOST_ID
    assert number(int, -3, 3)("-3") == -3
    assert (number(float, 0.5, 2)("0.5"), number(float, 0.5, 2)("2")) == (0.5, 2.0)
    with pytest.raises(argparse.ArgumentTypeError):
        number(int, 1, MOST_ID)(str(MOST_ID + 1))
