"""A ``[[redaction_rules]]`` table of the file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import BeforeValidator, model_validator

from fuse_otel.config import quantities, rules
from fuse_otel.config.pattern import read_pattern
from fuse_otel.config.settings import Frozen
from fuse_otel.core.module import module_kind
from fuse_otel.core.redaction import KeyRule, OwnRules, PatternRule
from fuse_otel.core.vocabulary import REDACTIONS

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)


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


class RedactionRuleTable(Frozen):
    """One of ``allow``, ``drop`` and ``pattern``; ``modules`` belongs to the first two, ``name``
    to the third.
    """

    allow: rules.RequiredText | None = None
    drop: rules.RequiredText | None = None
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


def own_rules(tables: Iterable[RedactionRuleTable]) -> OwnRules:
    listed = tuple(tables)
    return OwnRules(
        allow=tuple(KeyRule(each.allow, each.modules) for each in listed if each.allow),
        drop=tuple(KeyRule(each.drop, each.modules) for each in listed if each.drop),
        patterns=tuple(
            PatternRule(each.pattern, each.name) for each in listed if each.pattern and each.name
        ),
    )
