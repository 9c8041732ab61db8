"""``fuse-otel status``: the state of accounts and lanes, with or without a running daemon."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fuse_otel import __version__
from fuse_otel.cli.output import print_lines
from fuse_otel.cli.settings_flags import load_settings

if TYPE_CHECKING:
    from fuse_otel.ports import Status

_DONE, _FAILED = 0, 1


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto", help="default: auto"
    )


def run(args: argparse.Namespace) -> int:
    from fuse_otel.assembly import open_control  # noqa: PLC0415 - not for the help

    settings = load_settings(args, needs_account=False).settings
    with open_control(settings) as control:
        status, daemon = control.status(), control.lock_holder()
    lines = _json(status, daemon) if args.json else _text(status, daemon, args.color)
    return _DONE if print_lines(lines) else _FAILED


def _json(status: Status, daemon: str | None) -> Iterator[str]:
    from fuse_otel.views.status_json import status_json  # noqa: PLC0415 - not for the help
    from fuse_otel.views.status_report import reported_problems  # noqa: PLC0415

    problems = reported_problems(status) if daemon else ()
    found = status_json(status, time.time(), problems, __version__, daemon)
    yield json.dumps(found, indent=2, ensure_ascii=False)


def _text(status: Status, daemon: str | None, color: str) -> Iterator[str]:
    from fuse_otel.cli.terminal.status import status_lines  # noqa: PLC0415 - not for the help
    from fuse_otel.cli.terminal.text import coloured, paint, terminal_width  # noqa: PLC0415

    # A pipe gets whole lines.
    width = terminal_width() if sys.stdout.isatty() else None
    for line in status_lines(status, daemon, time.time(), width):
        yield paint(line, width, colour=coloured(color))
