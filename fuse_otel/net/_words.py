"""A connection that failed, in the operating system's own words."""

from __future__ import annotations

import re

import httpx

# What Python puts before them.
_NUMBER = re.compile(r"\[Errno -?\d+\] ")


def words_of(error: httpx.HTTPError) -> str:
    return _NUMBER.sub("", str(error))
