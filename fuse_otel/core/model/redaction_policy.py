"""What may leave of a call, as a value: a mode, and the operator's own rules on top of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256


class Mode(StrEnum):
    STRICT = "strict"  # what is known to be harmless
    STANDARD = "standard"  # everything, without what looks personal
    OFF = "off"  # everything


@dataclass(frozen=True, slots=True)
class KeyRule:
    """``key`` is one of an entry's ``data``; ``modules`` are module kinds, empty for any."""

    key: str
    modules: frozenset[str] = frozenset()

    def applies(self, kind: str) -> bool:
        return not self.modules or kind in self.modules


@dataclass(frozen=True, slots=True)
class PatternRule:
    """What ``pattern``, a regular expression, finds becomes ``[name]``."""

    pattern: str
    name: str


@dataclass(frozen=True, slots=True)
class OwnRules:
    """``allow`` lets keys leave under ``strict``, scrubbed as under ``standard``; ``drop`` keeps
    keys back in every mode, also if another rule allows them; ``patterns`` hold in every mode.
    """

    allow: tuple[KeyRule, ...] = ()
    drop: tuple[KeyRule, ...] = ()
    patterns: tuple[PatternRule, ...] = ()


NO_RULES = OwnRules()


@dataclass(frozen=True, slots=True)
class Redaction:
    mode: Mode = Mode.STRICT
    rules: OwnRules = NO_RULES

    @property
    def plain(self) -> bool:
        """Whether this is ``strict`` and nothing else."""
        return self.mode is Mode.STRICT and self.rules == NO_RULES

    @property
    def id(self) -> str:
        """The mode, and a hash of the own rules where there are some. Stable over restarts."""
        if self.rules == NO_RULES:
            return self.mode.value
        digest = sha256("\0".join(_written(self.rules)).encode("utf-8", "surrogatepass"))
        return f"{self.mode.value}+{digest.hexdigest()[:12]}"

    @property
    def of_the_pages(self) -> Redaction:
        """What the pages show: ``strict``, to which own rules may add, and never take away."""
        return Redaction(Mode.STRICT, replace(self.rules, allow=()))


STRICT = Redaction()


def _written(rules: OwnRules) -> Iterable[str]:
    for word, keys in (("allow", rules.allow), ("drop", rules.drop)):
        for rule in keys:
            yield from (word, rule.key, ",".join(sorted(rule.modules)))
    for pattern in rules.patterns:
        yield from ("pattern", pattern.pattern, pattern.name)
