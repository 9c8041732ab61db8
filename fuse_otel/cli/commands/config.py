"""``fuse-otel config``: the effective settings, each with its origin, secrets masked."""

from __future__ import annotations

import argparse
import json

from fuse_otel.cli.output import complain, printed
from fuse_otel.cli.settings_flags import load_settings


def arguments(parser: argparse.ArgumentParser) -> None:
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object")
    form.add_argument(
        "--example",
        action="store_true",
        help="print a file with every setting, commented out, and read no configuration",
    )


def run(args: argparse.Namespace) -> int:
    from fuse_otel.cli.terminal.config import config_lines  # noqa: PLC0415 - not for the help

    if args.example:
        from fuse_otel.config.documentation import example_file  # noqa: PLC0415 - for this alone

        return printed([example_file().rstrip("\n")])
    loaded = load_settings(args, needs_account=False)
    for warning in loaded.warnings:
        complain(f"warning: {warning}")
    if args.json:
        return printed([json.dumps(loaded.shown(), indent=2, ensure_ascii=False)])
    return printed(config_lines(loaded))
