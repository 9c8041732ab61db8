"""JSON as PHP writes it: no blanks, ASCII only, ``/`` escaped."""

from __future__ import annotations

import json


def dump(value: object) -> bytes:
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("/", "\\/").encode("ascii")
