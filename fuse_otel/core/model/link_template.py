"""URLs of a call in other programs, made from a template with placeholders: ``{trace_id}``, …."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

PLACEHOLDERS = ("trace_id", "session_id", "start_ms", "end_ms")
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def fill(template: str, values: Mapping[str, str]) -> str | None:
    """The URL, each value percent-encoded. ``None`` if a value that the template needs is missing.

    ``template`` has no other placeholders than ``PLACEHOLDERS``.
    """
    if not values.keys() >= set(PLACEHOLDER.findall(template)):
        return None
    return PLACEHOLDER.sub(
        lambda found: quote(values[found[1]], safe="", errors="replace"), template
    )
