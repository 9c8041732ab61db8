"""The names of the data model as ``docs/semconv/fuse.yaml`` defines them."""

import importlib
import pkgutil
from functools import cache
from typing import Any, NamedTuple

import yaml
from opentelemetry.semconv import attributes as stable_modules
from opentelemetry.semconv._incubating import attributes as incubating_modules

from fuse_otel.core.model import semconv
from support.pages.repository import ROOT

FILE = ROOT / "docs" / "semconv" / "fuse.yaml"
PLACES = {
    "resource": "entity.fuse.application",
    "call": "span.fuse.call",
    "execution": "span.fuse.execution",
    "record": "fuse.entry",
}
_INTS = {semconv.HTTP_STATUS}


class Word(NamedTuple):
    """``type`` is OTLP's: ``string``, ``int`` or ``bool``, or ``any`` of a template: a name with
    anything behind it. ``values``: value → meaning, of an attribute whose values are few.
    """

    name: str
    type: str
    meaning: str
    note: str
    values: dict[str, str]
    stability: str
    source: str
    examples: tuple[str, ...]


@cache
def groups() -> dict[str, dict[str, Any]]:
    found = yaml.safe_load(FILE.read_text(encoding="utf-8"))["groups"]
    return {group["id"]: group for group in found}


@cache
def words() -> dict[str, Word]:
    """Every attribute: ours by its definition, OpenTelemetry's by what it means here."""
    told = [
        each
        for name, group in groups().items()
        if name.startswith("registry.") or name == "fuse.borrowed"
        for each in group["attributes"]
    ]
    made = [_word(each) for each in told]
    assert len({word.name for word in made}) == len(made), "an attribute is defined twice"
    return {word.name: word for word in made}


@cache
def place(name: str) -> dict[str, Any]:
    """The attributes of the place, with their requirement level."""
    return {each["ref"]: each["requirement_level"] for each in groups()[PLACES[name]]["attributes"]}


def registered(name: str) -> str:
    """The name in the registry that stands for the attribute: its own, or a template's."""
    return next((each for each in _templates() if name.startswith(f"{each}.")), name)


@cache
def _templates() -> tuple[str, ...]:
    return tuple(word.name for word in words().values() if word.type == "any")


def _word(told: dict[str, Any]) -> Word:
    name = told.get("id") or told["ref"]
    kind, values = told.get("type", "string"), {}
    if isinstance(kind, dict):
        values = {each["value"]: each["brief"] for each in kind["members"]}
        kind = "string"
    if name in _INTS:
        kind = "int"
    return Word(
        name=name,
        type={"boolean": "bool", "template[any]": "any"}.get(kind, kind),
        meaning=told["brief"],
        note=told.get("note", ""),
        values=values,
        stability=told.get("stability") or _stability(name),
        source=told["annotations"]["source"],
        examples=tuple(map(str, told.get("examples", ()))),
    )


def _stability(name: str) -> str:
    """Of a name of OpenTelemetry: stable names have left the incubating package."""
    if name in _names(stable_modules):
        return "stable"
    assert name in _names(incubating_modules), f"{name} is no name of OpenTelemetry"
    return "development"


@cache
def _names(package: Any) -> set[str]:
    found: set[str] = set()
    for module in pkgutil.iter_modules(package.__path__):
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        found |= {
            value
            for name, value in vars(loaded).items()
            if name.isupper() and isinstance(value, str)
        }
    return found
