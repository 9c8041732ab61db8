"""``fuse-otel tail``: calls as they are stored, until Ctrl-C."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fuse_otel.cli.arguments import add_color, add_filters, number, query_of
from fuse_otel.cli.output import DONE, FAILED, print_lines
from fuse_otel.cli.settings_flags import load_settings
from fuse_otel.errors import MissingStore

if TYPE_CHECKING:
    from fuse_otel.config.settings import Settings
    from fuse_otel.ports import CallQuery, IndexedCall

_LAST = 10
_AT_ONCE = 1_000  # calls of one look
_EVERY = 1.0  # seconds between two looks


def arguments(parser: argparse.ArgumentParser) -> None:
    add_filters(parser)
    parser.add_argument(
        "--last",
        type=number(int, 0, 1_000_000),
        default=_LAST,
        metavar="N",
        help=f"begin with the calls stored last (default: {_LAST})",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object for each call")
    add_color(parser)


def run(args: argparse.Namespace) -> int:
    settings = load_settings(args, needs_account=False).settings
    query = query_of(args)
    for calls in _stored(settings, query, args.last):
        if not print_lines(_lines(calls, args)):
            return FAILED
    return DONE


def _stored(settings: Settings, query: CallQuery, last: int) -> Iterator[Sequence[IndexedCall]]:
    """The calls stored last, then each later one once."""
    from fuse_otel.assembly.parts import open_calls  # noqa: PLC0415 - not for the help

    with open_calls(settings) as index:
        # Before the calls: one that is stored in between is shown in the next look.
        after = index.last_id()
        first = [call for call in index.stored_last(query, last) if call.id <= after]
    yield first
    while True:
        try:
            # Opened for each look: a daemon may have replaced a damaged store, whose ids begin
            # anew.
            with open_calls(settings) as index:
                newest = index.last_id()
                after = after if after <= newest else 0
                found = index.stored_after(query, after, _AT_ONCE)
        except MissingStore:
            # While a daemon replaces it. The ids of the new store begin anew.
            newest, after, found = 0, 0, ()
        yield found
        if len(found) < _AT_ONCE:
            after = max(newest, after, *(call.id for call in found))
            time.sleep(_EVERY)
        else:
            after = found[-1].id


def _lines(calls: Sequence[IndexedCall], args: argparse.Namespace) -> Iterator[str]:
    if args.json:
        from fuse_otel.views.calls import call_json  # noqa: PLC0415 - not for the help

        yield from (json.dumps(call_json(call), ensure_ascii=False) for call in calls)
        return
    from fuse_otel.cli.terminal.calls import call_line  # noqa: PLC0415 - not for the help
    from fuse_otel.cli.terminal.text import coloured, output_width, paint  # noqa: PLC0415

    width = output_width()
    for call in calls:
        yield paint(call_line(call), width, colour=coloured(args.color))
