"""The part of LogQL that the tests use: a stream selector, then filters of lines and labels."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_SELECTOR = re.compile(r"\s*\{([^}]*)\}\s*")
_MATCHER = re.compile(r'(\w+)\s*(=~|=)\s*"([^"]*)"')
_STAGE = re.compile(r'\|\s*(\w+)\s*(=~|=)\s*"([^"]*)"\s*|\|=\s*"([^"]*)"\s*')

Matcher = Callable[[str, Mapping[str, str]], bool]


def selector(query: str) -> tuple[dict[str, str], str]:
    """The labels that a stream has to have as regular expressions, and the rest of the query.

    Raises ``ValueError`` for a query outside of this part of LogQL.
    """
    found = _SELECTOR.match(query)
    if found is None:
        raise ValueError(f"no stream selector: {query}")
    matchers = [_MATCHER.fullmatch(each.strip()) for each in found[1].split(",")]
    if not all(matchers):
        raise ValueError(f"a matcher that this fake does not know: {query}")
    return {m[1]: _pattern(m[2], m[3]) for m in matchers if m}, query[found.end() :]


def stages(rest: str) -> Matcher:
    """Whether a line with its labels passes all filters behind the selector."""
    filters: list[Matcher] = []
    while rest:
        found = _STAGE.match(rest)
        if found is None:
            raise ValueError(f"a stage that this fake does not know: {rest}")
        filters.append(_contains(found[4]) if found[4] is not None else _label(*found.groups()[:3]))
        rest = rest[found.end() :]
    return lambda text, labels: all(each(text, labels) for each in filters)


def _contains(words: str) -> Matcher:
    return lambda text, _: words in text


def _label(name: str, operator: str, value: str) -> Matcher:
    pattern = _pattern(operator, value)
    return lambda _, labels: re.fullmatch(pattern, labels.get(name, "")) is not None


def _pattern(operator: str, value: str) -> str:
    return value if operator == "=~" else re.escape(value)
