"""The executable of a real back end, or the reason why its tests cannot run."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.back_ends.pins import programs


def program(name: str) -> Path:
    """Skips the test if the program is missing. Where CI is set, a skip is a failure."""
    found = programs()[name].find()
    if found is None:
        pytest.skip(f"{programs()[name].title} is not there: run `make back-ends`")
    return found
