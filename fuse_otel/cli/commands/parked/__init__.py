"""``fuse-otel parked``: list, show, replay or drop the calls that destinations refused."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeAlias

from fuse_otel.cli import COMMANDS
from fuse_otel.cli.arguments import MOST_ID, add_color, number
from fuse_otel.cli.output import USAGE, complain
from fuse_otel.cli.settings_flags import add_settings

_LIMIT = 100
_ID, _COUNT = number(int, 1, MOST_ID), number(int, 0, 1_000_000)

Run: TypeAlias = Callable[[argparse.Namespace], int]


def arguments(parser: argparse.ArgumentParser) -> None:
    # The settings stand behind the action, where all other flags are.
    parser.set_defaults(takes_settings=True)
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    listing = _action(actions, "list", "list parked calls, newest first", "list_parked")
    listing.add_argument("--json", action="store_true", help="print one JSON array")
    listing.add_argument(
        "--limit", type=_COUNT, default=_LIMIT, metavar="COUNT", help=f"at most (default: {_LIMIT})"
    )
    _filters(listing)
    showing = _action(
        actions, "show", "show one parked call and the destination's answer", "show_parked"
    )
    showing.add_argument("id", type=_ID, metavar="ID", help="as printed by `list`")
    showing.add_argument("--otlp", action="store_true", help="print OTLP/JSON instead of a drawing")
    add_color(showing)
    _selection(_action(actions, "replay", "send parked calls again", "replay"))
    dropping = _action(actions, "drop", "delete parked calls permanently", "drop")
    _selection(dropping)
    dropping.add_argument(
        "--yes",
        action="store_true",
        help="do not ask for confirmation; required with --all where there is no terminal",
    )


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, what: str, act: str
) -> argparse.ArgumentParser:
    """``act`` is a function of ``actions``, which is imported when it is run."""
    description = f"{what[0].upper()}{what[1:]}."
    parser = actions.add_parser(name, help=what, description=description)
    parser.set_defaults(act=act, takes_settings=False)
    # Replaying and dropping are jobs, which this process does if no daemon runs.
    add_settings(parser, COMMANDS["parked"].settings)
    return parser


def _filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--destination", default="", metavar="NAME", help="only those of this destination"
    )
    parser.add_argument(
        "--signal", choices=("traces", "logs"), default="", help="only those of this signal"
    )


def _selection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", nargs="*", type=_ID, metavar="ID", help="as printed by `list`")
    parser.add_argument("--all", action="store_true", help="all parked calls")
    _filters(parser)


def run(args: argparse.Namespace) -> int:
    from fuse_otel.cli.commands.parked import actions  # noqa: PLC0415 - not for the help

    if "ids" in args and bool(args.ids) == args.all:
        complain("fuse-otel: Name the parked calls: IDs as printed by `list`, or --all.")
        return USAGE
    act: Run = getattr(actions, args.act)
    try:
        return act(args)
    except actions.UnknownDestination as error:
        complain(f"fuse-otel: {error}")
        return USAGE
