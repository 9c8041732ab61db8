"""The filters in the query of a page's URL, and the form that makes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from starlette.requests import Request

from fuse_otel.humanize import quoted
from fuse_otel.web.html import Child, Html, tag


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


def filter_form(fields: Iterable[Child], button: str, clear: str | None) -> Html:
    """``clear``: where a link removes all filters; ``None`` if there are none."""
    link = tag("a", "All calls", href=clear) if clear else None
    end = tag("p", tag("button", button, type="submit"), " ", link)
    return tag("form", fields, end, method="get", class_="filters")


def filter_field(
    label: str,
    name: str,
    value: str,
    choices: Sequence[str] | None = None,
    names: str | None = None,
) -> Html:
    """A choice, or a text. ``names``: the id of a list of texts to complete it with."""
    if choices is None:
        field = tag("input", name=name, value=value, autocomplete="off", list=names)
        return tag("label", label, field)
    words = dict.fromkeys(("", *choices, value))
    options = (tag("option", word or "any", value=word, selected=word == value) for word in words)
    return tag("label", label, tag("select", options, name=name))
