"""``fuse-otel lane``: pause the deliveries to a back end for its maintenance, and resume them."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from fuse_otel.cli import COMMANDS
from fuse_otel.cli.output import USAGE, complain, printed
from fuse_otel.cli.parser import suggestion
from fuse_otel.cli.settings_flags import add_settings, load_settings
from fuse_otel.humanize import moment

if TYPE_CHECKING:
    from fuse_otel.config.settings import Settings
    from fuse_otel.core.model.lane import Lane
    from fuse_otel.ports import Control

_ACTIONS = {
    "pause": "send nothing to a lane until it is resumed; its calls wait in the store",
    "resume": "deliver to a paused lane again",
}
Change: TypeAlias = "Callable[[Control, Sequence[Lane]], list[str]]"


def arguments(parser: argparse.ArgumentParser) -> None:
    # The settings stand behind the action, where all other flags are.
    parser.set_defaults(takes_settings=True)
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    for name, what in _ACTIONS.items():
        action = actions.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
        action.set_defaults(action=name, takes_settings=False)
        action.add_argument(
            "names",
            nargs="+",
            metavar="NAME",
            help="as printed by `fuse-otel status`, such as default/traces; or a destination, for"
            " all of its lanes",
        )
        add_settings(action, COMMANDS["lane"].settings)


def run(args: argparse.Namespace) -> int:
    from fuse_otel.assembly.parts import open_control  # noqa: PLC0415 - not for the help

    settings = load_settings(args, needs_account=False).settings
    with open_control(settings, read_only=False, create=False) as control:
        known = _known(settings, control)
        try:
            lanes = _named(args.names, known)
        except ValueError as error:
            complain(f"fuse-otel: {error}")
            return USAGE
        change: Change = {"pause": _pause, "resume": _resume}[args.action]
        lines = change(control, lanes)
        if control.lock_holder() is None:
            lines.append("No daemon runs: it is kept for the next one.")
    return printed(lines)


def _known(settings: Settings, control: Control) -> Mapping[str, Sequence[Lane]]:
    """By name: each lane, and all lanes of a destination. Former ones may still keep calls."""
    from fuse_otel.assembly.workers import lanes  # noqa: PLC0415 - the whole daemon

    found = [*lanes(settings), *(each.lane for each in control.status().lanes)]
    known: dict[str, list[Lane]] = {}
    for lane in dict.fromkeys(found):
        known.setdefault(lane.destination, []).append(lane)
    return {**known, **{str(lane): [lane] for lane in found}}


def _named(names: Iterable[str], known: Mapping[str, Sequence[Lane]]) -> Sequence[Lane]:
    """Raises ``ValueError``."""
    lanes: dict[Lane, None] = {}
    for name in names:
        if name not in known:
            advice = suggestion(name, known) or "."
            these = sorted({str(lane) for found in known.values() for lane in found})
            raise ValueError(f"There is no lane {name!r}{advice} These are: {', '.join(these)}.")
        lanes |= dict.fromkeys(known[name])
    return list(lanes)


def _pause(control: Control, lanes: Sequence[Lane]) -> list[str]:
    changed = control.pause(lanes, int(time.time()))
    since = control.paused_lanes()
    return [
        f"{lane} is paused. Its calls wait in the store until `fuse-otel lane resume {lane}`."
        if lane in changed
        else f"{lane} is paused since {moment(since.get(lane))} already."
        for lane in lanes
    ]


def _resume(control: Control, lanes: Sequence[Lane]) -> list[str]:
    changed = control.resume(lanes)
    return [f"{lane} {'is resumed' if lane in changed else 'was not paused'}." for lane in lanes]
