"""``fuse-otel parked``: the calls that destinations refused, to look at, to send again, to drop."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from fuse_otel.cli.output import complain
from fuse_otel.cli.settings_flags import add_settings

_USAGE = 2
_LIMIT = 100


def arguments(parser: argparse.ArgumentParser) -> None:
    # The settings stand behind the action, where all other flags are.
    parser.set_defaults(takes_settings=True)
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    listing = _action(actions, "list", "what is parked, newest first", _list)
    listing.add_argument("--json", action="store_true", help="print one JSON array")
    listing.add_argument(
        "--limit", type=int, default=_LIMIT, metavar="COUNT", help=f"at most (default: {_LIMIT})"
    )
    _filters(listing)
    showing = _action(actions, "show", "one parked call, with the destination's own words", _show)
    showing.add_argument("id", type=int, metavar="ID", help="as `list` tells it")
    showing.add_argument("--otlp", action="store_true", help="print OTLP/JSON instead of drawing")
    showing.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto", help="default: auto"
    )
    _which(_action(actions, "replay", "send parked calls again", _replay))
    dropping = _action(actions, "drop", "forget parked calls for good", _drop)
    _which(dropping)
    dropping.add_argument("--yes", action="store_true", help="do not ask on a terminal")


Run = Callable[[argparse.Namespace], int]


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, told: str, act: Run
) -> argparse.ArgumentParser:
    description = f"{told[0].upper()}{told[1:]}."
    parser = actions.add_parser(name, help=told, description=description, allow_abbrev=False)
    parser.set_defaults(act=act, takes_settings=False)
    add_settings(parser)
    return parser


def _filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--destination", default="", metavar="NAME", help="only those of this destination"
    )
    parser.add_argument(
        "--signal", choices=("traces", "logs"), default="", help="only those of this signal"
    )


def _which(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", nargs="*", type=int, metavar="ID", help="as `list` tells it")
    parser.add_argument("--all", action="store_true", help="all of them")
    _filters(parser)


def run(args: argparse.Namespace) -> int:
    from fuse_otel.cli.commands.parked_query import UnknownDestination  # noqa: PLC0415 - not for the help

    act: Run = args.act
    try:
        return act(args)
    except UnknownDestination as error:
        complain(f"fuse-otel: {error}")
        return _USAGE


def _list(args: argparse.Namespace) -> int:
    from fuse_otel.cli.commands.parked_show import list_parked  # noqa: PLC0415 - not for the help

    return list_parked(args)


def _show(args: argparse.Namespace) -> int:
    from fuse_otel.cli.commands.parked_show import show_parked  # noqa: PLC0415 - not for the help

    return show_parked(args)


def _replay(args: argparse.Namespace) -> int:
    from fuse_otel.cli.commands.parked_change import replay  # noqa: PLC0415 - not for the help

    return _named(args) or replay(args)


def _drop(args: argparse.Namespace) -> int:
    from fuse_otel.cli.commands.parked_change import drop  # noqa: PLC0415 - not for the help

    return _named(args) or drop(args)


def _named(args: argparse.Namespace) -> int:
    if bool(args.ids) != args.all:
        return 0
    complain("fuse-otel: Say which parked calls: their IDs as `list` tells them, or --all.")
    return _USAGE
