"""What the environment says about colours in a terminal: https://no-color.org."""

from __future__ import annotations

import os
from collections.abc import Mapping


def colour_refused(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the user or the terminal wants text without colour sequences."""
    return bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb"
