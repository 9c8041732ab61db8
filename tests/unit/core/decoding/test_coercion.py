"""Loosely typed values."""

import pytest

from fuse_otel.core.decoding.lenient_json import count, flag, seconds, text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1529552691, 1529552691),
        ("1529552691", 1529552691),
        (" +1529552691.9 ", 1529552691),
        (1529552691.9, 1529552691),
        (1, 1),
        (253402300799, 253402300799),
        (253402300800, None),
        (0, None),
        ("0", None),
        (-1, None),
        ("-1", None),
        (10**400, None),
        ("9" * 5000, None),
        (float("nan"), None),
        (float("inf"), None),
        (True, None),
        (None, None),
        ([], None),
        ("", None),
        ("2019-12-09", None),
        ("١٥٢٩", None),
    ],
)
def test_seconds(value, expected):
    assert seconds(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", "a"),
        ("", ""),
        (6177123000, "6177123000"),
        (6177123000.0, "6177123000"),
        (0.5, "0.5"),
        (True, "true"),
        (False, "false"),
        (None, None),
        ([], None),
        ({}, None),
    ],
)
def test_text(value, expected):
    assert text(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2, 2),
        (0, 0),
        (2.0, 2),
        ("2", 2),
        (-1, None),
        ("-1", None),
        ("9" * 30, None),
        (True, None),
        (None, None),
        ([], None),
        ("many", None),
    ],
)
def test_count(value, expected):
    assert count(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *[(value, True) for value in (True, 1, 1.0, "1", "true", "TRUE", " yes ")],
        *[(value, False) for value in (False, 0, 0.0, "0", "false", "", "no")],
        *[(value, None) for value in (None, [], {}, "maybe")],
    ],
)
def test_flag(value, expected):
    assert flag(value) is expected
