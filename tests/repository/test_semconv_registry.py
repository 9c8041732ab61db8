"""The registry keeps to the form of OpenTelemetry's semantic conventions."""

import re

import pytest
from support.pages.semconv_registry import groups

_KINDS = {"attribute_group", "span", "event", "entity"}
_TYPES = {"string", "int", "boolean", "template[any]"}
_STABILITIES = {"stable", "development"}
_LEVELS = {"required", "recommended", "opt_in"}


@pytest.mark.parametrize("group", groups().values(), ids=groups())
def test_a_group_is_of_a_kind_and_says_what_it_is(group):
    assert group["type"] in _KINDS
    assert group["brief"].endswith(".")
    if group["type"] != "attribute_group":
        assert group["stability"] in _STABILITIES
    if "extends" in group:
        assert group["extends"] in groups()


@pytest.mark.parametrize("group", groups().values(), ids=groups())
def test_attributes_are_defined_in_the_registry_and_referred_to_elsewhere(group):
    for each in group.get("attributes", []):
        assert ("id" in each) == group["id"].startswith("registry.")
        if "id" in each:
            check_definition(each)
        elif group["id"] != "fuse.borrowed":
            check_reference(each)


def check_definition(told):
    assert re.fullmatch(r"fuse(\.[a-z][a-z_]*)+", told["id"])
    assert told["stability"] in _STABILITIES
    assert told["brief"].endswith(".")
    kind = told["type"]
    if isinstance(kind, dict):
        values = [member["value"] for member in kind["members"]]
        assert len(set(values)) == len(values) > 1
        for member in kind["members"]:
            assert set(member) == {"id", "value", "stability", "brief"}
            assert member["stability"] in _STABILITIES
            assert member["brief"].endswith(".")
    else:
        assert kind in _TYPES
        assert "examples" in told or kind == "boolean"


def check_reference(told):
    level = told["requirement_level"]
    if isinstance(level, dict):
        assert set(level) == {"conditionally_required"}
    else:
        assert level in _LEVELS
