"""The command line as a function: commands, help, usage errors, exit codes."""

import importlib
import re
import sys
from types import ModuleType

import pytest
from support.pages.repository import ROOT

from fuse_otel import __version__
from fuse_otel.cli import COMMANDS, main
from fuse_otel.errors import Broken, ConfigurationError


@pytest.fixture
def command(monkeypatch):
    """Puts a command of the test in the place of ``demo``."""

    def put(run):
        module = ModuleType("fuse_otel.cli.commands.demo")
        module.arguments = lambda parser: parser.add_argument("--loud", action="store_true")
        module.run = run
        monkeypatch.setitem(sys.modules, "fuse_otel.cli.commands.demo", module)

    return put


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_module(name):
    module = importlib.import_module(f"fuse_otel.cli.commands.{name.replace('-', '_')}")
    assert callable(module.arguments)
    assert callable(module.run)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help(name, capsys):
    assert main([name, "--help"]) == 0
    assert f"usage: fuse-otel {name}" in capsys.readouterr().out


def test_the_readme_names_every_command():
    text = (ROOT / "README.md").read_text()
    named = re.findall(r"^\| `fuse-otel ([a-z-]+)` \|", text, re.MULTILINE)
    assert sorted(named) == sorted(COMMANDS)


def test_the_help_names_every_command_in_a_line_of_its_own(capsys):
    assert main(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= len(COMMANDS) + 9
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines if line.startswith("  ")] == list(COMMANDS)
    assert "docs/configuration.md" in lines[-1]


def test_without_a_command_the_help_goes_to_stderr_and_it_is_a_usage_error(capsys):
    assert main([]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "usage: fuse-otel COMMAND" in captured.err


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_the_version(flag, capsys):
    assert main([flag]) == 0
    assert capsys.readouterr().out == f"fuse-otel {__version__}\n"


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("shw", "fuse-otel: there is no command 'shw'. Did you mean show?\n"),
        ("traceid", "fuse-otel: there is no command 'traceid'. Did you mean trace-id?\n"),
        ("xyzzy", "fuse-otel: there is no command 'xyzzy'. See fuse-otel --help.\n"),
    ],
)
def test_an_unknown_command_is_a_usage_error_with_a_suggestion(word, sentence, capsys):
    assert main([word]) == 2
    assert capsys.readouterr().err == sentence


@pytest.mark.parametrize("word", ["--developer-key=k3y-of-one", "-pk3y-of-one", "+12125550123"])
def test_what_stands_in_the_place_of_a_command_is_not_repeated(word, capsys):
    assert main([word]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "See fuse-otel --help." in err
    assert "k3y" not in err
    assert "2125550123" not in err


def test_an_empty_session_id_is_a_usage_error(capsys):
    assert main(["trace-id", "--namespace", "", "a", ""]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "a session id is empty" in printed.err


def test_unknown_and_shortened_flags_are_usage_errors(capsys):
    assert main(["check", "--poll-intervall", "1m"]) == 2
    assert main(["check", "--poll", "1m"]) == 2
    assert "unrecognized arguments" in capsys.readouterr().err


def test_the_exit_code_is_the_commands(command):
    command(lambda args: 7 if args.loud else 3)
    assert main(["demo"]) == 3
    assert main(["demo", "--loud"]) == 7


def test_a_bad_configuration_exits_78_with_a_sentence_a_problem(command, capsys):
    def run(args):
        raise ConfigurationError(["FUSE_OTEL_A: wrong.", "FUSE_OTEL_B: wrong too."])

    command(run)
    assert main(["demo"]) == 78
    assert capsys.readouterr().err == (
        "fuse-otel: FUSE_OTEL_A: wrong.\nfuse-otel: FUSE_OTEL_B: wrong too.\n"
    )


def test_an_error_of_the_product_exits_1_with_its_sentence(command, capsys):
    def run(args):
        raise Broken("The store is damaged.")

    command(run)
    assert main(["demo"]) == 1
    assert capsys.readouterr().err == "fuse-otel: The store is damaged.\n"


def test_an_interrupt_exits_130_without_a_word(command, capsys):
    def run(args):
        raise KeyboardInterrupt

    command(run)
    assert main(["demo"]) == 130
    assert capsys.readouterr() == ("", "")


def test_an_error_nothing_foresaw_is_not_hidden(command):
    def run(args):
        raise ZeroDivisionError

    command(run)
    with pytest.raises(ZeroDivisionError):
        main(["demo"])
