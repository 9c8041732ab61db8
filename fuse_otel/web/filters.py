"""The filters in the query of a page's URL."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request

from fuse_otel.humanize import quoted


def read_filters(
    request: Request, names: Sequence[str], known: str
) -> tuple[dict[str, str], list[str]]:
    """The values that are not blank, by name, and a sentence for each name that is unknown or given
    twice. ``known``: the names as a person reads them. ``format`` is no filter.
    """
    items = request.query_params.multi_items()
    written = [name for name, _ in items]
    problems = [
        f"There is no filter {quoted(name)}. Use {known}."
        for name in dict.fromkeys(written)
        if name not in {*names, "format"}
    ]
    problems += [f"{name}: Give it once." for name in names if written.count(name) > 1]
    return {name: text for name, text in items if name in names and text.strip()}, problems
