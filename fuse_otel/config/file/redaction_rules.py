"""A ``[[redaction_rules]]`` table of the file."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, TypeAdapter, model_validator

from fuse_otel.config.values import fields, quantities
from fuse_otel.core.model.module_kinds import module_kind
from fuse_otel.core.model.redaction_policy import KeyRule, OwnRules, PatternRule
from fuse_otel.core.model.tally import REDACTIONS

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)


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
