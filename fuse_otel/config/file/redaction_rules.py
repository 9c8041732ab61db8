"""A ``[[redaction_rules]]`` table of the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, TypeAdapter, model_validator

from fuse_otel.config.values import fields, quantities
from fuse_otel.core.model.module_kinds import module_kind
from fuse_otel.core.model.redaction_policy import (
    KeyRule,
    OwnRules,
    PatternRule,
    TextPart,
    TextRule,
    has_part,
)
from fuse_otel.core.model.tally import REDACTIONS
from fuse_otel.humanize import quoted

Rule = KeyRule | PatternRule | TextRule
_NOT_DATA = frozenset({"line", "module_type", "result_variable"})
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)


def _name(value: object) -> str:
    name = quantities.read_required_text(value)
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{quoted(name)} is not a name. Use up to 32 lower-case letters, digits and"
            " _, with a letter first."
        )
    if name in REDACTIONS:
        raise ValueError(f"{quoted(name)} names a built-in rule. Use another name.")
    return name


def read_pattern(value: object) -> str:
    """The text of a pattern that can be used."""
    # Loading the engine takes longer than all the rest of the configuration.
    from fuse_otel.core.redaction.patterns import Pattern  # noqa: PLC0415

    text = quantities.read_required_text(value)
    Pattern(text)
    return text


def _modules(value: object) -> frozenset[str]:
    if not isinstance(value, list) or not value:
        raise ValueError('Must be a list of module types, such as ["rest", "soap"].')
    return frozenset(module_kind(quantities.read_required_text(each)) for each in value)


def _module_names(value: object) -> frozenset[str]:
    if not isinstance(value, list) or not value:
        raise ValueError('Must be a list of names of modules, such as ["main_menu"].')
    return frozenset(quantities.read_required_text(each) for each in value)


def _key(value: object) -> str:
    key = quantities.read_required_text(value)
    if key in _NOT_DATA:
        raise ValueError(
            f"{quoted(key)} is no key of an entry's data, so the rule has no effect."
            " Use allow_text for texts of lines."
        )
    return key


Key = Annotated[str | None, BeforeValidator(_key)]


class RedactionRuleTable(fields.Frozen):
    """One of ``allow``, ``allow_text``, ``drop`` and ``pattern``. ``modules`` and ``module_names``
    narrow the first three, ``name`` replaces what the last one finds.
    """

    allow: Key = None
    allow_text: Annotated[str | None, fields.choice(*TextPart)] = None
    drop: Key = None
    modules: Annotated[frozenset[str], BeforeValidator(_modules)] = frozenset()
    module_names: Annotated[frozenset[str], BeforeValidator(_module_names)] = frozenset()
    pattern: Annotated[str | None, BeforeValidator(read_pattern)] = None
    name: Annotated[str | None, BeforeValidator(_name)] = None

    @model_validator(mode="after")
    def _is_one_rule(self) -> RedactionRuleTable:
        given = (self.allow, self.allow_text, self.drop, self.pattern)
        if sum(each is not None for each in given) != 1:
            raise ValueError("Set exactly one of allow, allow_text, drop and pattern.")
        if (self.pattern is None) != (self.name is None):
            raise ValueError("A pattern needs a name, and a name needs a pattern.")
        if self.pattern is not None and (self.modules or self.module_names):
            raise ValueError("A pattern applies to all modules. Remove modules and module_names.")
        if self.allow_text is not None:
            _check_writers(TextPart(self.allow_text), self.modules)
        return self


def _check_writers(part: TextPart, modules: frozenset[str]) -> None:
    silent = sorted(kind for kind in modules if not has_part(part, kind))
    if silent:
        raise ValueError(
            f"The rule has no effect: modules of type {quoted(silent[0])} have no"
            f" {part.value}. Remove the type from modules."
        )


def _own_rules(value: object) -> OwnRules:
    listed = dict(enumerate(_TABLES.validate_python(value)))
    keys = {
        word: {
            place: KeyRule(key, each.modules, each.module_names)
            for place, each in listed.items()
            if (key := getattr(each, word))
        }
        for word in ("allow", "drop")
    }
    texts = {
        place: TextRule(TextPart(each.allow_text), each.modules, each.module_names)
        for place, each in listed.items()
        if each.allow_text
    }
    patterns = {
        place: PatternRule(each.pattern, each.name)
        for place, each in listed.items()
        if each.pattern and each.name
    }
    every: list[Mapping[int, Rule]] = [keys["allow"], texts, patterns]
    for rules in every:
        _refuse_covered(rules, rules)
    for word in ("allow", "drop"):
        _refuse_covered(keys[word], keys["drop"], drops=True)
    allow, drop = (tuple(rules.values()) for rules in keys.values())
    return OwnRules(allow, drop, tuple(patterns.values()), tuple(texts.values()))


def _refuse_covered(
    rules: Mapping[int, Rule], wider: Mapping[int, Rule], *, drops: bool = False
) -> None:
    """Of two rules for the same entries the later one is refused. ``drops``: the wider ones do."""
    for place, rule in rules.items():
        for other_place, other in wider.items():
            is_kept = wider is rules and place <= other_place and _covers(rule, other, drops=drops)
            if not is_kept and _covers(other, rule, drops=drops):
                raise ValueError(
                    f"redaction_rules[{place}] has no effect, because redaction_rules"
                    f"[{other_place}] holds for all its entries. Remove one of them."
                )


def _covers(wide: Rule, narrow: Rule, *, drops: bool) -> bool:
    match wide, narrow:
        case KeyRule(), KeyRule():
            is_about = wide.drops(narrow.key) if drops else wide.key == narrow.key
            return is_about and wide.covers(narrow)
        case TextRule(), TextRule():
            return wide.part == narrow.part and wide.covers(narrow)
        case PatternRule(), PatternRule():
            return wide.pattern == narrow.pattern
    return False


def _written(rules: OwnRules) -> list[str]:
    """``allow queue of transfer``, ``drop customer_name``, ``pattern POL-[0-9]{4} as policy``."""
    named = (("allow", rules.allow), ("allow_text", rules.texts), ("drop", rules.drop))
    return [
        *(f"{word} {rule}" for word, listed in named for rule in listed),
        *(f"pattern {rule.pattern} as {rule.name}" for rule in rules.patterns),
    ]


_TABLES = TypeAdapter(tuple[RedactionRuleTable, ...], config={"defer_build": True})
Rules = Annotated[
    OwnRules, BeforeValidator(_own_rules), PlainSerializer(_written, when_used="json")
]
