"""A ``[[redaction_rules]]`` table of the file. Its regular expressions run over every text, so none
may run away.
"""

from __future__ import annotations

import re

# Python has no public door to a parsed expression; a test holds this one to what it promises.
from re import _parser  # type: ignore[attr-defined]
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, PlainSerializer, TypeAdapter, model_validator

from fuse_otel.config.values import fields, quantities
from fuse_otel.core.model.module_kinds import module_kind
from fuse_otel.core.model.redaction_policy import KeyRule, OwnRules, PatternRule
from fuse_otel.core.model.rule_names import REDACTIONS

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
_Parsed: TypeAlias = Any
_FEW = 10
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT"}
_CLOSED = {"POSSESSIVE_REPEAT", "ATOMIC_GROUP", "ASSERT", "ASSERT_NOT"}
_REFERENCES = {"GROUPREF", "GROUPREF_EXISTS", "GROUPREF_IGNORE"}
_TANGLED = (
    "It can take for ever on some texts: something that varies is repeated, or refers back."
    " Let the inner part give nothing back, like \\d++ or (?>...), or repeat it a fixed number of"
    " times."
)


def _name(value: object) -> str:
    name = quantities.read_required_text(value)
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{quantities.quoted(name)} is no name: small letters, digits and _ make one, at most"
            " 32 of them."
        )
    if name in REDACTIONS:
        raise ValueError(f"{quantities.quoted(name)} is a rule of its own: give another name.")
    return name


def _modules(value: object) -> frozenset[str]:
    if not isinstance(value, list) or not value:
        raise ValueError('It has to be a list of kinds of modules, such as ["rest", "soap"].')
    return frozenset(module_kind(quantities.read_required_text(each)) for each in value)


class RedactionRuleTable(fields.Frozen):
    """One of ``allow``, ``drop`` and ``pattern``; ``modules`` belongs to the first two, ``name``
    to the third.
    """

    allow: fields.RequiredText | None = None
    drop: fields.RequiredText | None = None
    modules: Annotated[frozenset[str], BeforeValidator(_modules)] = frozenset()
    pattern: Annotated[str | None, BeforeValidator(read_pattern)] = None
    name: Annotated[str | None, BeforeValidator(_name)] = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> RedactionRuleTable:
        if sum(each is not None for each in (self.allow, self.drop, self.pattern)) != 1:
            raise ValueError("Give one of allow, drop and pattern.")
        if (self.pattern is None) != (self.name is None):
            raise ValueError("A pattern and the name that stands for what it finds go together.")
        if self.pattern is not None and self.modules:
            raise ValueError("A pattern holds in all modules: take modules away.")
        return self


def _own_rules(value: object) -> OwnRules:
    listed = _TABLES.validate_python(value)
    return OwnRules(
        allow=tuple(KeyRule(each.allow, each.modules) for each in listed if each.allow),
        drop=tuple(KeyRule(each.drop, each.modules) for each in listed if each.drop),
        patterns=tuple(
            PatternRule(each.pattern, each.name) for each in listed if each.pattern and each.name
        ),
    )


def _written(rules: OwnRules) -> list[str]:
    """``allow queue of transfer``, ``drop customer_name``, ``pattern POL-[0-9]{4} as policy``."""
    keys = (("allow", rules.allow), ("drop", rules.drop))
    return [
        f"{word} {rule.key}" + (f" of {', '.join(sorted(rule.modules))}" if rule.modules else "")
        for word, listed in keys
        for rule in listed
    ] + [f"pattern {rule.pattern} as {rule.name}" for rule in rules.patterns]


_TABLES = TypeAdapter(tuple[RedactionRuleTable, ...])
Rules = Annotated[
    OwnRules, BeforeValidator(_own_rules), PlainSerializer(_written, when_used="json")
]


def read_pattern(value: object) -> str:
    text = quantities.read_required_text(value)
    try:
        found = re.compile(text).search("")
        tangled = _is_tangled(_parser.parse(text), repeated=False)
    except re.error as error:
        where = "" if error.pos is None else f" at position {error.pos}"
        raise ValueError(f"It is no regular expression: {error.msg}{where}.") from None
    except (RecursionError, OverflowError):
        raise ValueError("It is no regular expression anybody could read.") from None
    if found:
        raise ValueError("It finds nothing everywhere: let it ask for one character at least.")
    if tangled:
        raise ValueError(_TANGLED)
    return text


def _is_tangled(parsed: _Parsed, *, repeated: bool) -> bool:
    """Whether two ways through the same text can multiply: ``repeated`` says that this part of the
    expression may be gone through again and again.
    """
    return any(_is_tangled_step(str(step), told, repeated=repeated) for step, told in parsed)


def _is_tangled_step(step: str, told: _Parsed, *, repeated: bool) -> bool:
    if step in _REPEATS:
        low, high, inner = told
        again = high > 1 and (low != high or high > _FEW)
        return (repeated and low != high) or _is_tangled(inner, repeated=repeated or again)
    if step == "BRANCH":
        return (repeated and not _are_apart(told[1])) or any(
            _is_tangled(way, repeated=repeated) for way in told[1]
        )
    if step == "SUBPATTERN":
        return _is_tangled(told[-1], repeated=repeated)
    if step in _CLOSED:
        # What is inside is gone through in one way alone.
        inner = told if step == "ATOMIC_GROUP" else told[-1]
        return _is_tangled(inner, repeated=False)
    return step in _REFERENCES


def _are_apart(ways: _Parsed) -> bool:
    """Whether the first character tells which way is meant."""
    first = [next(iter(way), None) for way in ways]
    letters = {each[1] for each in first if each is not None and str(each[0]) == "LITERAL"}
    return len(letters) == len(first)
