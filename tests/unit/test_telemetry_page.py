"""The page of the data model tells all of it, and nothing that is not so."""

import json
import os
from pathlib import Path

import pytest
from support.repository import ROOT
from support.telemetry_page import telemetry_page

from fuse_otel.core import data, semconv
from fuse_otel.core.vocabulary import REDACTIONS, TRUNCATIONS, VOCABULARY, Place

PAGE = ROOT / "docs" / "telemetry.md"
GOLDENS = sorted((ROOT / "tests" / "data" / "golden").glob("*.json"))
_NO_ATTRIBUTES = {
    "SCOPE_NAME", "SCOPE_VERSION", "SCHEMA_URL", "ERROR_TYPE_OTHER", "EVENT_PROMPT", "EVENT_EVENT",
}  # fmt: skip
_TYPES = {"stringValue": "string", "intValue": "int", "boolValue": "bool"}


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


def test_every_attribute_is_explained_and_none_besides():
    attributes = {value for name, value in constants().items() if name not in _NO_ATTRIBUTES}
    assert set(VOCABULARY) == attributes


def test_everything_that_may_leave_of_the_data_is_explained():
    assert {rule.attribute for rule in data.ALLOWED.values()} <= set(VOCABULARY)


@pytest.mark.parametrize("file", GOLDENS, ids=lambda file: file.stem)
def test_what_is_sent_is_where_and_what_the_page_says(file):
    for place, attributes in sent(json.loads(file.read_text())):
        for pair in attributes:
            word = VOCABULARY[pair["key"]]
            assert place in word.places, pair["key"]
            assert _TYPES[next(iter(pair["value"]))] == word.type, pair["key"]


def sent(document):
    for resource in document.get("resourceSpans", []) + document.get("resourceLogs", []):
        yield Place.RESOURCE, resource["resource"]["attributes"]
    for resource in document.get("resourceSpans", []):
        for span in resource["scopeSpans"][0]["spans"]:
            yield (Place.EXECUTION if "parentSpanId" in span else Place.CALL), span["attributes"]
    for resource in document.get("resourceLogs", []):
        for record in resource["scopeLogs"][0]["logRecords"]:
            yield Place.RECORD, record["attributes"]


@pytest.mark.parametrize(
    ("counter", "known"), [("redactions", REDACTIONS), ("truncations", TRUNCATIONS)]
)
def test_every_kind_of_cut_is_explained(counter, known):
    sources = "\n".join(Path(file).read_text() for file in (ROOT / "fuse_otel/core").glob("*.py"))
    for kind in known:
        assert f'{counter}["{kind}"]' in sources
    counted = sources.split(f'{counter}["')[1:]
    assert {rest.partition('"')[0] for rest in counted} == set(known)
