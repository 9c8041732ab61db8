"""``fuse-otel man``: the man page, made from the parser."""

from __future__ import annotations

import argparse

from fuse_otel.cli.output import print_lines

_DONE, _FAILED = 0, 1


def arguments(_parser: argparse.ArgumentParser) -> None:
    """None: the page is about all commands."""


def run(_args: argparse.Namespace) -> int:
    from fuse_otel.cli.terminal.man_page import man_page  # noqa: PLC0415 - every command

    return _DONE if print_lines([man_page()]) else _FAILED
