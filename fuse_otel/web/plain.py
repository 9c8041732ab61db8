"""Answers in one plain sentence, for people with curl and for probes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.responses import PlainTextResponse


def plain(code: int, sentence: str, headers: Mapping[str, str] | None = None) -> PlainTextResponse:
    return PlainTextResponse(f"{sentence}\n", code, dict(headers or {}))


def verdict(wrong: Sequence[str], well: str) -> PlainTextResponse:
    """200, or 503 with a line a problem."""
    return plain(503, "\n".join(wrong)) if wrong else plain(200, well)
