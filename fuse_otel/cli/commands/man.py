"""``fuse-otel man``: the man page, made from the parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator

from fuse_otel import __version__
from fuse_otel.cli import DOCS, whole_parser
from fuse_otel.cli.output import printed
from fuse_otel.cli.parser import Parser
from fuse_otel.config.catalogue import DEFAULT_CONFIG_FILE


def arguments(_parser: argparse.ArgumentParser) -> None:
    """None: the page is about all commands."""


def run(_args: argparse.Namespace) -> int:
    return printed([man_page()])


_EXIT_CODES = (
    ("0", "The command has done what was asked."),
    ("1", "It has failed, or a check has found something that does not work."),
    ("2", "The command line is wrong."),
    ("78", "The configuration is wrong. All problems are printed."),
    ("130", "Ctrl-C has ended it."),
)
_FILES = (
    (
        DEFAULT_CONFIG_FILE,
        "The configuration, if neither --config nor FUSE_OTEL_CONFIG names another file.",
    ),
)


def man_page() -> str:
    """The source for ``man``, in the macros of man(7)."""
    parser = whole_parser()
    return "\n".join(
        (
            f'.TH FUSE\\-OTEL 1 "" "fuse\\-otel {_text(__version__)}" "User Commands"',
            ".SH NAME",
            "fuse\\-otel \\- Plum Fuse phone calls as OpenTelemetry traces",
            ".SH SYNOPSIS",
            ".B fuse\\-otel",
            "\\fICOMMAND\\fR [\\fIarguments\\fR]",
            ".SH DESCRIPTION",
            _text(f"{parser.description} fuse-otel COMMAND --help describes a command."),
            *_options(parser, settings=False),
            ".SH COMMANDS",
            *(line for name, each in parser.actions().items() for line in _command(name, each)),
            ".SH SETTINGS",
            _text(
                "Commands that read the configuration have a flag for each setting. The help of a"
                " command lists those that fit it."
            ),
            *_options(parser.actions()["run"], settings=True),
            ".SH EXIT STATUS",
            *_list(_EXIT_CODES),
            ".SH ENVIRONMENT",
            _text(
                "Each setting has a variable: FUSE_OTEL_ and the name of its flag in upper case,"
                " such as FUSE_OTEL_POLL_INTERVAL for --poll-interval. The variables of"
                " OpenTelemetry's standard are read too. A flag wins over the variable, which wins"
                " over the configuration file."
            ),
            ".SH FILES",
            *_list(_FILES),
            ".SH SEE ALSO",
            _text(f"Documentation: {DOCS}."),
        )
    )


def _command(name: str, parser: Parser) -> Iterator[str]:
    """A command, and each of its actions."""
    usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
    yield f'.SS "{_text(name)}"'
    yield _text(parser.description or "")
    yield ".PP"
    yield f".B {_text(usage)}"
    yield from _options(parser, settings=False)
    for action, each in parser.actions().items():
        yield from _command(f"{name} {action}", each)


def _options(parser: Parser, *, settings: bool) -> Iterator[str]:
    """What the command takes, without the settings or only these."""
    shown = [each for each in parser.visible() if not each.dest.startswith("help")]
    for action in shown:
        is_setting = action.dest.startswith("setting_") or action.dest == "config"
        if is_setting == settings and not isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - no public name
            text = (action.help or "") % {"default": action.default}
            yield from _list([(_name(action), text)])


def _name(action: argparse.Action) -> str:
    value = "" if action.nargs == 0 else _metavar(action)
    if not action.option_strings:
        return value
    return f"{', '.join(action.option_strings)} {value}".rstrip()


def _metavar(action: argparse.Action) -> str:
    if isinstance(action.metavar, str):
        return action.metavar
    choices = f"{{{','.join(map(str, action.choices))}}}" if action.choices else ""
    return choices or action.dest.upper()


def _list(entries: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, text in entries:
        yield ".TP"
        yield f".B {_text(name)}"
        yield _text(text)


def _text(text: str) -> str:
    """Escaped. A dot or a quote at the beginning of a line would be a macro."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
