"""What the golden files hold, attribute by attribute."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from support.pages.repository import ROOT
from support.pages.semconv_registry import registered

FOLDER = ROOT / "tests" / "data" / "golden"
FILES = sorted(FOLDER.glob("*.json"))
TYPES = {"stringValue": "string", "intValue": "int", "boolValue": "bool"}


class Member(NamedTuple):
    """A resource, span or log record: ``place`` as in the registry, attributes by OTLP's JSON."""

    place: str
    attributes: dict[str, dict[str, Any]]
    whole: dict[str, Any]


@cache
def all_members() -> tuple[Member, ...]:
    return tuple(member for file in FILES for member in members(json.loads(file.read_text())))


def members(document: dict[str, Any]) -> Iterator[Member]:
    """Of a document of OTLP/JSON that may hold both signals."""
    for plural, name in (("Spans", "spans"), ("Logs", "logRecords")):
        for group in document.get(f"resource{plural}", []):
            yield _member("resource", group["resource"])
            for each in group[f"scope{plural}"][0][name]:
                yield _member(_place(name, each), each)


def _place(name: str, member: dict[str, Any]) -> str:
    if name == "logRecords":
        return "record"
    return "execution" if "parentSpanId" in member else "call"


def _member(place: str, whole: dict[str, Any]) -> Member:
    return Member(place, {each["key"]: each["value"] for each in whole["attributes"]}, whole)


@cache
def values(name: str, place: str = "") -> tuple[str, ...]:
    """Every value that the attribute has in the files, as text, in the order they are met."""
    found = (
        str(next(iter(value.values())))
        for member in all_members()
        if place in {"", member.place}
        for key, value in member.attributes.items()
        if registered(key) == name
    )
    return tuple(dict.fromkeys(found))
