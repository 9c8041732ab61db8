"""``fuse-otel calls``: the calls of the last 7 days, with filters."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fuse_otel.cli.arguments import add_color, add_filters, number, query_of
from fuse_otel.cli.output import printed
from fuse_otel.cli.settings_flags import load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fuse_otel.ports import IndexedCall

_MOST = 100
_AT_MOST = 10_000_000


def arguments(parser: argparse.ArgumentParser) -> None:
    add_filters(parser)
    parser.add_argument(
        "--limit",
        type=number(int, 1, _AT_MOST),
        default=_MOST,
        metavar="N",
        help=f"at most so many calls, the newest first (default: {_MOST})",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object for each call")
    add_color(parser)


def run(args: argparse.Namespace) -> int:
    from fuse_otel.assembly.parts import open_calls  # noqa: PLC0415 - not for the help
    from fuse_otel.views.calls import call_json  # noqa: PLC0415 - as above

    settings = load_settings(args, needs_account=False).settings
    query = query_of(args)
    with open_calls(settings) as index:
        calls = index.calls(query, args.limit)
    lines = (
        (json.dumps(call_json(call), ensure_ascii=False) for call in calls)
        if args.json
        else _text(calls, args.color)
    )
    return printed(lines)


def _text(calls: Sequence[IndexedCall], color: str) -> Iterator[str]:
    from fuse_otel.cli.terminal.calls import calls_table  # noqa: PLC0415 - not for the help
    from fuse_otel.cli.terminal.text import painted_table  # noqa: PLC0415

    yield from painted_table(calls_table(calls), color)
