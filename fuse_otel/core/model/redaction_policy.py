"""What may leave of a call, as a value: a mode, and the operator's own rules on top of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from msgspec import Struct
from msgspec.structs import replace

from fuse_otel.core.model.module_kinds import (
    ASKING,
    AUTHORS_TEXT,
    COMPARING,
    LEAVING,
    OPTIONS,
    SETTING,
)


class Mode(StrEnum):
    STRICT = "strict"  # what is known to be harmless
    STANDARD = "standard"  # everything, without what looks personal
    OFF = "off"  # everything

    @property
    def looseness(self) -> int:
        """0 lets the least leave."""
        return list(Mode).index(self)


class TextPart(StrEnum):
    """A text of an entry that a rule can let leave."""

    INPUT = "input"  # the option that a caller keyed
    OPERANDS = "operands"  # what a module compares
    CALL_LOG = "call_log"  # the author's own line
    URL_PATH = "url_path"  # the words of the path of a URL
    ERROR_TEXT = "error_text"  # the line of an error


def has_part(part: TextPart, kind: str) -> bool:
    """Whether modules of that kind write such texts. Of a module that asks or sets a variable, an
    error may quote what the caller said.
    """
    match part:
        case TextPart.INPUT:
            return kind in OPTIONS
        case TextPart.OPERANDS:
            return kind in COMPARING
        case TextPart.CALL_LOG:
            return kind in AUTHORS_TEXT
        case TextPart.URL_PATH:
            return kind in LEAVING
        case TextPart.ERROR_TEXT:
            return kind not in ASKING | SETTING | AUTHORS_TEXT


class _Scoped:
    """A rule for entries of some modules: ``modules`` are their kinds, ``names`` their own names;
    empty for any.
    """

    __slots__ = ()
    modules: frozenset[str]
    names: frozenset[str]

    def applies(self, kind: str, name: str | None) -> bool:
        return (not self.modules or kind in self.modules) and (not self.names or name in self.names)

    def covers(self, other: _Scoped) -> bool:
        """Whether this rule is about every entry that the other one is about."""
        return all(
            not mine or (theirs and theirs <= mine)
            for mine, theirs in ((self.modules, other.modules), (self.names, other.names))
        )

    def written(self, subject: str) -> str:
        """``queue of transfer named agents``."""
        modules = f" of {', '.join(sorted(self.modules))}" if self.modules else ""
        names = f" named {', '.join(sorted(self.names))}" if self.names else ""
        return f"{subject}{modules}{names}"


@dataclass(frozen=True, slots=True)
class KeyRule(_Scoped):
    """``key`` is one of an entry's ``data``."""

    key: str
    modules: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def drops(self, key: str) -> bool:
        """Whether a rule that drops is about the key: another case changes no meaning."""
        return self.key.casefold() == key.casefold()

    def __str__(self) -> str:
        return self.written(self.key)


@dataclass(frozen=True, slots=True)
class TextRule(_Scoped):
    part: TextPart
    modules: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def applies(self, kind: str, name: str | None) -> bool:
        return has_part(self.part, kind) and _Scoped.applies(self, kind, name)

    def __str__(self) -> str:
        return self.written(self.part.value)


class PatternRule(Struct, frozen=True):
    """What ``pattern``, a regular expression, finds becomes ``[name]``."""

    pattern: str
    name: str


class OwnRules(Struct, frozen=True):
    """``allow`` lets keys leave under ``strict``, scrubbed as under ``standard``, and ``texts`` the
    same of texts; ``drop`` keeps keys back in every mode, also if another rule allows them;
    ``patterns`` hold in every mode.
    """

    allow: tuple[KeyRule, ...] = ()
    drop: tuple[KeyRule, ...] = ()
    patterns: tuple[PatternRule, ...] = ()
    texts: tuple[TextRule, ...] = ()


NO_RULES = OwnRules()


class Redaction(Struct, frozen=True):
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
    def of_the_metrics(self) -> Redaction:
        """``strict``, to which own rules may add, and never take away."""
        return Redaction(Mode.STRICT, replace(self.rules, allow=(), texts=()))

    def of_the_pages(self, mode: Mode) -> Redaction:
        """What the pages show. In ``strict`` the own rules may add and never take away."""
        return self.of_the_metrics if mode is Mode.STRICT else Redaction(mode, self.rules)


STRICT = Redaction()


def _written(rules: OwnRules) -> Iterable[str]:
    for word, keys in (("allow", rules.allow), ("drop", rules.drop)):
        for rule in keys:
            yield from (word, rule.key, *_scope(rule))
    for pattern in rules.patterns:
        yield from ("pattern", pattern.pattern, pattern.name)
    for text in rules.texts:
        yield from ("allow_text", text.part.value, *_scope(text))


def _scope(rule: _Scoped) -> Iterable[str]:
    yield ",".join(sorted(rule.modules))
    if rule.names:
        yield "\1".join(("named", *sorted(rule.names)))
