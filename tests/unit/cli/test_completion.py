"""The completion scripts and the man page know what the parser knows."""

import re

import pytest

from fuse_otel.cli import COMMANDS, main, whole_parser
from fuse_otel.cli.commands.completion import SHELLS


def visible(parser):
    """Every long flag that a help lists, of all commands and their actions."""
    for action in parser.visible():
        yield from (each for each in action.option_strings if each.startswith("--"))
    for each in parser.actions().values():
        yield from visible(each)


FLAGS = set(visible(whole_parser()))
NAMES = {*COMMANDS, *whole_parser().actions()["parked"].actions()}


def printed(words, capsys):
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_the_whole_parser_has_the_flags_of_every_command():
    assert {"--config", "--poll-interval", "--limit", "--again", "--version"} <= FLAGS
    assert list(whole_parser().actions()) == list(COMMANDS)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_completion_knows_every_command_and_flag(shell, capsys):
    script = printed(["completion", shell], capsys)
    words = set(re.findall(r"[\w-]+", script))
    assert words >= NAMES
    # fish takes long flags without their dashes.
    assert words | {f"--{each}" for each in words} >= FLAGS


def test_the_man_page_knows_every_command_and_flag(capsys):
    page = printed(["man"], capsys)
    words = set(re.findall(r"[\w-]+", page.replace("\\-", "-")))
    assert words >= NAMES | FLAGS
    for name in COMMANDS:
        assert f'.SS "{name}"'.replace("-", "\\-") in page


def test_the_man_page_has_only_known_macros(capsys):
    page = printed(["man"], capsys)
    macros = {line.split()[0] for line in page.splitlines() if line.startswith((".", "'"))}
    assert macros == {".TH", ".SH", ".SS", ".PP", ".TP", ".B"}
    assert "%%" not in page
    assert "%(" not in page


def test_an_unknown_shell_is_a_usage_error(capsys):
    assert main(["completion", "bsh"]) == 2
    assert "Did you mean bash?" in capsys.readouterr().err
