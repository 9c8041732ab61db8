"""``fuse-otel completion``: the completion of commands, flags and values for a shell."""

from __future__ import annotations

import argparse

import shtab

from fuse_otel.cli import whole_parser
from fuse_otel.cli.output import printed
from fuse_otel.cli.parser import Parser

SHELLS = ("bash", "zsh", "fish")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS, help="the shell that reads it")


def run(args: argparse.Namespace) -> int:
    return printed([completion(args.shell)])


_PATHS = {"FILE": shtab.FILE, "PATH": shtab.FILE, "DIR": shtab.DIRECTORY}


def completion(shell: str) -> str:
    """The script. ``shell``: ``bash``, ``zsh`` or ``fish``."""
    parser = whole_parser()
    _complete_values(parser)
    return shtab.complete(parser, shell).rstrip()


def _complete_values(parser: Parser) -> None:
    """Paths by their metavar, and choices that the configuration checks and not the parser."""
    for action in parser.visible():
        metavar = action.metavar if isinstance(action.metavar, str) else ""
        if metavar in _PATHS:
            action.complete = _PATHS[metavar]  # type: ignore[attr-defined]  # where shtab looks
        elif metavar.startswith("{"):
            action.choices = metavar.strip("{}").split(",")
    for each in parser.actions().values():
        _complete_values(each)
