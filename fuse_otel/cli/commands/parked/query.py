"""Which parked calls a command is about."""

from __future__ import annotations

import argparse

from fuse_otel.config.settings import Settings
from fuse_otel.ports import Control, ParkedQuery


class UnknownDestination(ValueError):
    """The named destination is not configured and has no parked calls."""


def query_of(args: argparse.Namespace, settings: Settings, control: Control) -> ParkedQuery:
    """A destination that was taken out of the configuration is known by its parked calls.

    Raises ``UnknownDestination``.
    """
    name = args.destination
    known = {each.name: None for each in settings.destinations}
    known |= {each.lane.destination: None for each in control.status().lanes if each.parked}
    if name and name not in known:
        raise UnknownDestination(
            f"--destination: {name} is not configured; these are: {', '.join(known)}."
        )
    return ParkedQuery(tuple(sorted({*vars(args).get("ids", ())})), name, args.signal)
