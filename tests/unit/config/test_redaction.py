"""How the redaction and the operator's own rules are configured, and what is refused."""

import re

import pytest

from fuse_otel.assembly.parts import model_options, renderings
from fuse_otel.config import load
from fuse_otel.config.file.redaction_rules import read_pattern
from fuse_otel.core.model.redaction_policy import (
    KeyRule,
    Mode,
    OwnRules,
    PatternRule,
    TextPart,
    TextRule,
)
from fuse_otel.core.redaction import patterns
from fuse_otel.errors import ConfigurationError

ACCOUNT = 'email = "ops@example.com"\ndeveloper_key = "k"\n'
RULES = r"""
[[redaction_rules]]
allow = "queue"
modules = ["AWS_S3", "transfer"]

[[redaction_rules]]
drop = "customer_name"

[[redaction_rules]]
pattern = 'POL-\d{6}'
name = "policy"
"""


def loaded(tmp_path, text, **environ):
    file = tmp_path / "fuse-otel.toml"
    file.write_text(ACCOUNT + text, encoding="utf-8")
    return load(environ=environ, config_file=str(file)).settings


@pytest.mark.parametrize("mode", Mode)
def test_each_mode_is_one_word_and_off_gives_a_warning(mode):
    found = load(environ={"FUSE_OTEL_REDACTION": mode.value.upper()}, needs_account=False)
    assert found.settings.redaction is mode
    assert any("personal data" in each for each in found.warnings) is (mode is Mode.OFF)


def test_own_rules_are_read_from_the_file(tmp_path):
    settings = loaded(tmp_path, RULES)
    assert settings.redaction_rules == OwnRules(
        allow=(KeyRule("queue", frozenset({"aws s3", "transfer"})),),
        drop=(KeyRule("customer_name"),),
        patterns=(PatternRule(r"POL-\d{6}", "policy"),),
    )
    assert settings.model_dump(mode="json")["redaction_rules"] == [
        "allow queue of aws s3, transfer",
        "drop customer_name",
        r"pattern POL-\d{6} as policy",
    ]


def test_rules_for_texts_name_types_and_modules(tmp_path):
    settings = loaded(
        tmp_path,
        """
[[redaction_rules]]
allow_text = "input"
modules = ["Menu", "yes/no"]
module_names = ["main_menu"]

[[redaction_rules]]
allow = "queue"
module_names = ["agent"]
""",
    )
    menus = frozenset({"menu", "yes/no"})
    assert settings.redaction_rules == OwnRules(
        allow=(KeyRule("queue", names=frozenset({"agent"})),),
        texts=(TextRule(TextPart.INPUT, menus, frozenset({"main_menu"})),),
    )
    assert settings.model_dump(mode="json")["redaction_rules"] == [
        "allow queue named agent",
        "allow_text input of menu, yes/no named main_menu",
    ]


@pytest.mark.parametrize(
    ("first", "second", "useless"),
    [
        ('allow = "a"', 'allow = "a"', 1),
        ('allow = "a"', 'allow = "a"\nmodules = ["menu"]', 1),
        ('drop = "a"\nmodules = ["menu"]', 'drop = "a"\nmodules = ["menu", "rest"]', 0),
        ('allow = "a"', 'drop = "a"', 0),
        ('allow = "q"', 'drop = "Q"', 0),
        ('drop = "Q"', 'drop = "q"\nmodules = ["menu"]', 1),
        ('drop = "a"', 'allow = "a"\nmodules = ["menu"]\nmodule_names = ["m"]', 1),
        ('allow_text = "call_log"\nmodule_names = ["a"]', 'allow_text = "call_log"', 0),
        ('pattern = "a"\nname = "x"', 'pattern = "a"\nname = "y"', 1),
    ],
)
def test_a_rule_that_another_one_makes_useless_is_refused(tmp_path, first, second, useless):
    rules = f"[[redaction_rules]]\n{first}\n[[redaction_rules]]\n{second}\n"
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, rules)
    assert str(caught.value).endswith(
        f"redaction_rules: redaction_rules[{useless}] has no effect, because redaction_rules"
        f"[{1 - useless}] holds for all its entries. Remove one of them."
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('allow = "a"\nmodules = ["menu"]', 'drop = "a"\nmodules = ["rest"]'),
        ('allow = "a"', 'drop = "a"\nmodules = ["rest"]'),
        ('allow = "a"', 'drop = "b"'),
        ('allow = "a"', 'allow = "A"'),
        ('allow_text = "input"', 'allow_text = "operands"'),
        ('allow = "a"\nmodule_names = ["x"]', 'allow = "a"\nmodules = ["rest"]'),
        ('pattern = "a"\nname = "x"', 'pattern = "b"\nname = "x"'),
    ],
)
def test_rules_that_overlap_in_part_are_kept(tmp_path, first, second):
    rules = f"[[redaction_rules]]\n{first}\n[[redaction_rules]]\n{second}\n"
    assert loaded(tmp_path, rules).redaction_rules != OwnRules()


def test_a_destination_has_the_general_redaction_or_its_own(tmp_path):
    settings = loaded(
        tmp_path,
        """
redaction = "standard"
[[destinations]]
name = "a"
[[destinations]]
name = "b"
redaction = "off"
[[destinations]]
name = "c"
type = "file"
path = "c.jsonl"
redaction = "off"
signals = ["logs"]
""",
    )
    found = {each.id: [lane.destination for lane in each.lanes] for each in renderings(settings)}
    assert found == {
        "traces/standard/generic": ["a"],
        "traces/off/generic": ["b"],
        "logs/standard/generic": ["a"],
        "logs/off/generic": ["b", "c"],
    }
    assert model_options(settings).redaction.mode is Mode.STANDARD


def test_the_id_of_a_rendering_changes_only_with_the_rules(tmp_path):
    names = [
        [each.id for each in renderings(loaded(tmp_path, rules))]
        for rules in ("", RULES, RULES, RULES.replace("queue", "lane"))
    ]
    assert names[0][0] == "traces/strict/generic"
    assert re.fullmatch(r"traces/strict\+[0-9a-f]{12}/generic", names[1][0])
    assert names[1] == names[2]
    assert len({name for each in names for name in each}) == 6


def test_a_pattern_without_its_package_is_a_configuration_error(tmp_path, monkeypatch):
    monkeypatch.setattr(patterns, "re2", None)
    with pytest.raises(ConfigurationError, match=r"redaction_rules.*fuse-otel\[patterns\]"):
        loaded(tmp_path, RULES)
    assert loaded(tmp_path, RULES.partition("[[redaction_rules]]\npattern")[0]).redaction_rules


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(", "Not a regular expression: missing \\), unterminated subpattern at position 0"),
        ("a*", "matches an empty text"),
        ("(?=(a+)+b)c", "Look-around and back references are not supported"),
        ("", "empty"),
    ],
)
def test_a_bad_pattern_gives_one_sentence(pattern, problem):
    with pytest.raises(ValueError, match=problem):
        read_pattern(pattern)
