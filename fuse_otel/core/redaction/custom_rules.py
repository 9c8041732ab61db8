"""The operator's own rules: patterns in texts, keys of data. The configuration has checked them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from fuse_otel.core.model.redaction_policy import KeyRule, PatternRule
from fuse_otel.core.model.tally import Tally

if TYPE_CHECKING:
    from fuse_otel.core.redaction.patterns import Pattern

Compiled = tuple["Pattern", str]
"""A pattern, and the name that replaces its matches."""


@lru_cache(maxsize=256)
def compiled(rules: tuple[PatternRule, ...]) -> tuple[Compiled, ...]:
    if not rules:
        return ()
    from fuse_otel.core.redaction.patterns import Pattern  # noqa: PLC0415 - few have patterns

    return tuple((Pattern(rule.pattern), rule.name) for rule in rules)


def marked(text: str, patterns: Sequence[Compiled], tally: Tally) -> str:
    """``text`` with ``[name]`` in place of each match."""
    for pattern, name in patterns:
        text, count = pattern.replaced(text, f"[{name}]")
        if count:
            tally.redactions[name] += count
    return text


def allowing(rules: Sequence[KeyRule], key: str, kind: str, name: str | None) -> KeyRule | None:
    """The rule that allows the key in an entry of a module of that kind and name."""
    return next((rule for rule in rules if rule.key == key and rule.applies(kind, name)), None)


def dropping(rules: Sequence[KeyRule], key: str, kind: str, name: str | None) -> KeyRule | None:
    """The rule that drops the key, in whatever case it is written."""
    return next((rule for rule in rules if rule.drops(key) and rule.applies(kind, name)), None)


def dropped_names(rules: Sequence[KeyRule], kind: str, name: str | None) -> frozenset[str]:
    """The keys that are dropped in an entry of a module of that kind and name, case-folded."""
    return frozenset(rule.key.casefold() for rule in rules if rule.applies(kind, name))
