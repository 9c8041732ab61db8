"""A ``[[redaction_rules]]`` table of the file. Its regular expressions run over every text, so none
may need exponential time.
"""

from __future__ import annotations

import re

# Python has no public function for a parsed expression. Tests check what we rely on here.
from re import _parser  # type: ignore[attr-defined]
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, PlainSerializer, TypeAdapter, model_validator

from fuse_otel.config.values import fields, quantities
from fuse_otel.core.model.module_kinds import module_kind
from fuse_otel.core.model.redaction_policy import KeyRule, OwnRules, PatternRule
from fuse_otel.core.model.tally import REDACTIONS

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
_Parsed: TypeAlias = Any
_FEW = 10  # repetitions of a fixed number that are still fast
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT"}
_CLOSED = {"POSSESSIVE_REPEAT", "ATOMIC_GROUP", "ASSERT", "ASSERT_NOT"}
_REFERENCES = {"GROUPREF", "GROUPREF_EXISTS", "GROUPREF_IGNORE"}
_EXPONENTIAL = (
    "This expression may need exponential time: it has a back reference, or it repeats a part that"
    " can match in several ways. Make that part possessive (\\d++), atomic (?>...) or of a fixed"
    " length."
)


def _name(value: object) -> str:
    name = quantities.read_required_text(value)
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{quantities.quoted(name)} is not a name. Use up to 32 lower-case letters, digits and"
            " _, with a letter first."
        )
    if name in REDACTIONS:
        raise ValueError(f"{quantities.quoted(name)} names a built-in rule. Use another name.")
    return name


def _modules(value: object) -> frozenset[str]:
    if not isinstance(value, list) or not value:
        raise ValueError('Must be a list of module types, such as ["rest", "soap"].')
    return frozenset(module_kind(quantities.read_required_text(each)) for each in value)


class RedactionRuleTable(fields.Frozen):
    """One of ``allow``, ``drop`` and ``pattern``. ``modules`` narrows the first two, ``name``
    replaces what the third finds.
    """

    allow: fields.RequiredText | None = None
    drop: fields.RequiredText | None = None
    modules: Annotated[frozenset[str], BeforeValidator(_modules)] = frozenset()
    pattern: Annotated[str | None, BeforeValidator(read_pattern)] = None
    name: Annotated[str | None, BeforeValidator(_name)] = None

    @model_validator(mode="after")
    def _is_one_rule(self) -> RedactionRuleTable:
        if sum(each is not None for each in (self.allow, self.drop, self.pattern)) != 1:
            raise ValueError("Set exactly one of allow, drop and pattern.")
        if (self.pattern is None) != (self.name is None):
            raise ValueError("A pattern needs a name, and a name needs a pattern.")
        if self.pattern is not None and self.modules:
            raise ValueError("A pattern applies to all modules. Remove modules.")
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


_TABLES = TypeAdapter(tuple[RedactionRuleTable, ...], config={"defer_build": True})
Rules = Annotated[
    OwnRules, BeforeValidator(_own_rules), PlainSerializer(_written, when_used="json")
]


def read_pattern(value: object) -> str:
    text = quantities.read_required_text(value)
    try:
        found = re.compile(text).search("")
        explodes = _can_explode(_parser.parse(text), repeated=False)
    except re.error as error:
        where = "" if error.pos is None else f" at position {error.pos}"
        raise ValueError(f"Not a regular expression: {error.msg}{where}.") from None
    except (RecursionError, OverflowError):
        raise ValueError("This regular expression is too large.") from None
    if found:
        raise ValueError("This expression matches an empty text. Require at least one character.")
    if explodes:
        raise ValueError(_EXPONENTIAL)
    return text


def _can_explode(parsed: _Parsed, *, repeated: bool) -> bool:
    """Whether there may be exponentially many ways to match the same text. ``repeated``: this part
    of the expression is inside a repetition.
    """
    return any(
        _step_can_explode(str(step), argument, repeated=repeated) for step, argument in parsed
    )


def _step_can_explode(step: str, argument: _Parsed, *, repeated: bool) -> bool:
    if step in _REPEATS:
        low, high, inner = argument
        again = high > 1 and (low != high or high > _FEW)
        return (repeated and low != high) or _can_explode(inner, repeated=repeated or again)
    if step == "BRANCH":
        return (repeated and not _differ_at_once(argument[1])) or any(
            _can_explode(way, repeated=repeated) for way in argument[1]
        )
    if step == "SUBPATTERN":
        return _can_explode(argument[-1], repeated=repeated)
    if step in _CLOSED:
        # The engine never goes back into this part.
        inner = argument if step == "ATOMIC_GROUP" else argument[-1]
        return _can_explode(inner, repeated=False)
    return step in _REFERENCES


def _differ_at_once(ways: _Parsed) -> bool:
    """Whether the first character decides between the alternatives."""
    first = [next(iter(way), None) for way in ways]
    letters = {each[1] for each in first if each is not None and str(each[0]) == "LITERAL"}
    return len(letters) == len(first)
