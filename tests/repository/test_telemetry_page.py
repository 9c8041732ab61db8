"""The page and the registry of the data model tell all of it, and nothing that is not so."""

import os
from pathlib import Path

import pytest
from support.pages.golden_files import TYPES, all_members, values
from support.pages.repository import ROOT
from support.pages.semconv_registry import PLACES, groups, place, registered, words
from support.pages.telemetry_fields import RECORD, SPAN
from support.pages.telemetry_page import telemetry_page

from fuse_otel.core.model import semconv
from fuse_otel.core.model.tally import REDACTIONS, TRUNCATIONS
from fuse_otel.core.redaction import data, freeform

PAGE = ROOT / "docs" / "telemetry.md"
_NO_ATTRIBUTES = {
    "SCOPE_NAME", "SCOPE_VERSION", "SCHEMA_URL", "ERROR_TYPE_OTHER", "EVENT_PROMPT", "EVENT_EVENT",
}  # fmt: skip
_CONFIGURED = {"team"}


def constants():
    return {
        name: value
        for name, value in vars(semconv).items()
        if name.isupper() and isinstance(value, str)
    }


def test_the_page_is_what_the_code_says():
    page = telemetry_page()
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(page, encoding="utf-8")
    assert page == PAGE.read_text(encoding="utf-8")


def test_every_constant_is_in_the_registry_and_nothing_besides():
    attributes = {value for name, value in constants().items() if name not in _NO_ATTRIBUTES}
    templates = {freeform.DATA.rstrip("."), freeform.PERSONAL.rstrip(".")}
    assert set(words()) == attributes | templates


def test_the_events_of_the_registry_are_those_of_the_code():
    names = {group["name"] for group in groups().values() if group["type"] == "event"}
    assert names == {semconv.EVENT_PROMPT, semconv.EVENT_EVENT}


def test_every_attribute_of_the_registry_stands_somewhere():
    assert {name for where in PLACES for name in place(where)} == set(words())


def test_our_own_names_are_ours_and_the_others_are_opentelemetrys():
    for name, group in groups().items():
        for each in group.get("attributes", []):
            ours = each.get("id", each.get("ref")).startswith("fuse.")
            assert ours or "id" not in each
            assert not (ours and name == "fuse.borrowed")


def test_everything_that_may_leave_of_the_data_is_explained():
    assert {rule.attribute for rule in data.ALLOWED.values()} <= set(words())


def test_what_is_sent_is_where_and_what_the_registry_says():
    for where, attributes, _ in all_members():
        for name, value in attributes.items():
            if name in _CONFIGURED:
                continue
            assert registered(name) in place(where), (name, where)
            word, (kind, sent) = words()[registered(name)], next(iter(value.items()))
            assert word.type in {TYPES.get(kind), "any"}, name
            assert not word.values or sent in word.values, name


def test_every_field_that_is_sent_is_explained():
    told = {"record": RECORD, "call": SPAN, "execution": SPAN}
    for where, _, whole in all_members():
        if where in told:
            assert set(whole) - {"attributes"} <= {name for name, *_ in told[where]}


def test_what_is_always_there_is_there():
    for where, attributes, _ in all_members():
        required = {name for name, level in place(where).items() if level == "required"}
        assert required <= set(attributes), where


def test_every_attribute_is_in_a_golden_call_at_each_of_its_places():
    for where in PLACES:
        for name in place(where):
            assert values(name, where), (name, where)


def test_every_example_is_from_the_golden_calls():
    for name, word in words().items():
        assert set(word.examples) <= set(values(name)), name


@pytest.mark.parametrize(
    ("counter", "known"), [("redactions", REDACTIONS), ("truncations", TRUNCATIONS)]
)
def test_every_kind_of_cut_is_explained(counter, known):
    sources = "\n".join(Path(file).read_text() for file in (ROOT / "fuse_otel/core").rglob("*.py"))
    for kind in known:
        assert f'{counter}["{kind}"]' in sources
    counted = sources.split(f'{counter}["')[1:]
    assert {rest.partition('"')[0] for rest in counted} == set(known)
