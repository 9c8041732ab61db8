"""Turns what pydantic finds into sentences for the operator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from fuse_otel.config.catalogue import TABLES
from fuse_otel.humanize import quoted

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

# Of more problems the first ones are reported: each costs a search for the nearest name.
MAX_PROBLEMS = 100
_LONGEST_NAME = 64  # characters

Place = tuple[int | str, ...]
_SENTENCES = {
    "missing": "This setting is required.",
    "tuple_type": "Must be a list.",
    "model_type": "Must be a table.",
    "model_attributes_type": "Must be a table.",
    "dict_type": "Must be a table.",
    "mapping_type": "Must be a table.",
}


class WrongValue(ValueError):
    """What a reader of a value finds wrong with it, if that is more than one sentence."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def unknown(name: str, known: Iterable[str], prefix: str = "") -> str:
    """The sentence for a name that is not known. ``prefix`` is common to all names."""
    if len(name) > _LONGEST_NAME or not name.isprintable():
        return f"Unknown setting {quoted(name)}. Remove it."
    bare = {each.removeprefix(prefix).lower(): each for each in known}
    near = get_close_matches(name.removeprefix(prefix).lower(), bare, n=1)
    advice = f"Did you mean `{bare[near[0]]}`?" if near else "Remove it."
    return f"Unknown setting `{name}`. {advice}"


def sentences(
    error: ValidationError,
    names: Mapping[Place, str],
    models: Mapping[str, type[BaseModel]] | None = None,
) -> list[str]:
    """One sentence for each finding, those about tables of the file first. ``names``: place → the
    setting as the user wrote it, for the place itself or one around it. ``models``: the keys of the
    tables, by the first part of their place; the outermost has an empty name.
    """
    findings = error.errors(include_url=False, include_input=False)
    return [
        sentence
        for finding in sorted(findings, key=lambda finding: _rank(str(finding["loc"][0])))[
            :MAX_PROBLEMS
        ]
        for sentence in _sentences_of(finding, names, models or {})
    ]


def _rank(name: str) -> int:
    return TABLES.index(name) if name in TABLES else len(TABLES)


def _sentences_of(
    finding: Mapping[str, Any],
    names: Mapping[Place, str],
    models: Mapping[str, type[BaseModel]],
) -> list[str]:
    place, kind = finding["loc"], finding["type"]
    if kind == "extra_forbidden":
        *table, key = place
        fields = models[str(table[0]) if table else ""].model_fields
        where = f"{_name(tuple(table), names)}: " if table else ""
        return [f"{where}{unknown(str(key), fields)}"]
    if kind == "value_error":
        error = finding["ctx"]["error"]
        problems = error.problems if isinstance(error, WrongValue) else (error,)
        return [f"{_name(place, names)}: {problem}" for problem in problems]
    return [f"{_name(place, names)}: {_SENTENCES.get(kind, 'Not a valid value.')}"]


def _name(place: Place, names: Mapping[Place, str]) -> str:
    """``accounts[1].email`` below the name of the nearest place that has one."""
    for length in range(len(place), 0, -1):
        if (name := names.get(place[:length])) is not None:
            return name + "".join(map(_step, place[length:]))
    return "".join(map(_step, place)).removeprefix(".")


def _step(step: int | str) -> str:
    return f"[{step}]" if isinstance(step, int) else f".{step}"
