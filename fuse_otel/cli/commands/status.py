"""``fuse-otel status``: the state of accounts and lanes, with or without a running daemon."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from fuse_otel import __version__
from fuse_otel.cli.arguments import add_color, number
from fuse_otel.cli.output import DONE, FAILED, print_lines
from fuse_otel.cli.settings_flags import load_settings
from fuse_otel.errors import StoreError

if TYPE_CHECKING:
    from fuse_otel.config.settings import Settings
    from fuse_otel.ports import Status

_EVERY = 2.0  # seconds between two looks
_FROM_THE_TOP = "\x1b[H\x1b[2J"  # the cursor to the first line, and an empty screen


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--check",
        action="store_true",
        help="exit 1 if no daemon runs, or if an account or a lane is down",
    )
    parser.add_argument(
        "--watch",
        nargs="?",
        type=number(float, 0.1, 3600.0),
        const=_EVERY,
        metavar="SECONDS",
        help=f"show it again every so many seconds ({_EVERY:g}), until Ctrl-C",
    )
    add_color(parser)


def run(args: argparse.Namespace) -> int:
    settings = load_settings(args, needs_account=False).settings
    if args.watch is not None:
        return _watch(settings, args)
    lines, is_down = _look(settings, args)
    return DONE if print_lines(lines) and not (args.check and is_down) else FAILED


def _watch(settings: Settings, args: argparse.Namespace) -> int:
    """With ``--check`` the last look decides. Each look opens the store anew: a daemon may have
    replaced a damaged one.
    """
    is_down = False
    live = sys.stdout is not None and sys.stdout.isatty()
    with suppress(KeyboardInterrupt):
        while True:
            try:
                lines, is_down = _look(settings, args)
            except StoreError as error:
                lines, is_down = [str(error)], True
            if not print_lines([*([_FROM_THE_TOP] if live else []), *lines]):
                return FAILED
            time.sleep(args.watch)
    return FAILED if args.check and is_down else DONE


def _look(settings: Settings, args: argparse.Namespace) -> tuple[list[str], bool]:
    """The lines to print, and whether something is down."""
    from fuse_otel.assembly.parts import open_control  # noqa: PLC0415 - not for the help
    from fuse_otel.views.problems import reported_problems  # noqa: PLC0415

    with open_control(settings) as control:
        status, daemon = control.status(), control.lock_holder()
    problems = reported_problems(status) if daemon else []
    lines = _json(status, daemon, problems) if args.json else _text(status, daemon, args.color)
    return list(lines), daemon is None or bool(problems)


def _json(status: Status, daemon: str | None, problems: Sequence[str]) -> Iterator[str]:
    from fuse_otel.views.status_json import status_json  # noqa: PLC0415 - not for the help

    found = status_json(status, time.time(), problems, __version__, daemon)
    yield json.dumps(found, indent=2, ensure_ascii=False)


def _text(status: Status, daemon: str | None, color: str) -> Iterator[str]:
    from fuse_otel.cli.terminal.calls import status_lines  # noqa: PLC0415 - not for the help
    from fuse_otel.cli.terminal.text import coloured, output_width, paint  # noqa: PLC0415

    width = output_width()
    for line in status_lines(status, daemon, time.time(), width):
        yield paint(line, width, colour=coloured(color))
