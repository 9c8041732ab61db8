"""What is wrong, as sentences for the operator. Pydantic finds it; the words are ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from fuse_otel.config.catalogue import TABLES

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

Place = tuple[int | str, ...]
_SENTENCES = {
    "missing": "It is missing: give it.",
    "tuple_type": "It has to be a list.",
    "model_type": "It has to be a table.",
    "model_attributes_type": "It has to be a table.",
    "dict_type": "It has to be a table.",
    "mapping_type": "It has to be a table.",
}


def unknown(name: str, known: Iterable[str], prefix: str = "") -> str:
    """Of a name that is not known: a sentence without the name. ``prefix`` is common to all."""
    bare = {each.removeprefix(prefix).lower(): each for each in known}
    near = get_close_matches(name.removeprefix(prefix).lower(), bare, n=1)
    advice = f"Did you mean {bare[near[0]]}?" if near else "Take it away."
    return f"There is no such setting. {advice}"


def written(place: Place) -> str:
    """``("accounts", 1, "email")`` → ``accounts[1].email``."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def sentences(
    error: ValidationError,
    names: Mapping[Place, str],
    models: Mapping[str, type[BaseModel]] | None = None,
) -> list[str]:
    """A sentence a finding, those about tables of the file first. ``names``: place → the setting as
    the user wrote it; of a place that is not there the nearest one around it counts. ``models``:
    what the tables of a list can hold.
    """
    findings = error.errors(include_url=False, include_input=False)
    return [
        f"{_name(finding['loc'], names)}: {_sentence(finding, models or {})}"
        for finding in sorted(findings, key=lambda finding: _rank(str(finding["loc"][0])))
    ]


def _rank(name: str) -> int:
    return TABLES.index(name) if name in TABLES else len(TABLES)


def _name(place: Place, names: Mapping[Place, str]) -> str:
    for length in range(len(place), 0, -1):
        if (name := names.get(place[:length])) is not None:
            rest = written(place[length:])
            return f"{name}.{rest}" if rest and not rest.startswith("[") else name + rest
    return written(place)


def _sentence(finding: Mapping[str, Any], models: Mapping[str, type[BaseModel]]) -> str:
    place, kind = finding["loc"], finding["type"]
    if kind == "value_error":
        return str(finding["ctx"]["error"])
    if kind == "extra_forbidden":
        return unknown(str(place[-1]), models[str(place[0])].model_fields)
    return _SENTENCES.get(kind, "It cannot be read: see the documentation of this setting.")
