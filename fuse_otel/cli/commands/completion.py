"""``fuse-otel completion``: the completion of commands, flags and values for a shell."""

from __future__ import annotations

import argparse

from fuse_otel.cli.output import print_lines

_DONE, _FAILED = 0, 1
SHELLS = ("bash", "zsh", "fish")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS, help="the shell that reads it")


def run(args: argparse.Namespace) -> int:
    from fuse_otel.cli.terminal.completion import completion  # noqa: PLC0415 - every command

    return _DONE if print_lines([completion(args.shell)]) else _FAILED
