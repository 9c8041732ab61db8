"""The filters of calls on a command line: the same as those of ``/calls/``."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from fuse_otel.core.model.call import Direction
from fuse_otel.core.translation.root_span import CallOutcome

if TYPE_CHECKING:
    from fuse_otel.ports import CallQuery

_NAMES = ("application", "account", "module", "from", "to")


def add_filters(parser: argparse.ArgumentParser) -> None:
    when = "2026-11-18T09:30Z, 2026-11-18, 36h (ago) or UNIX seconds"
    parser.add_argument(
        "calls", nargs="?", default="", metavar="ID", help="a session id or a trace id"
    )
    for name, metavar, text in (
        ("application", "NAME", "only calls of this application"),
        ("account", "NAME", "only calls of this account"),
        ("module", "MODULE", 'only calls in which this module ran, such as "rest look_up_claim"'),
        ("from", "TIME", f"only calls that started at this time or later: {when}"),
        ("to", "TIME", "only calls that started before this time"),
    ):
        parser.add_argument(
            f"--{name}", dest=f"only_{name}", default="", metavar=metavar, help=text
        )
    parser.add_argument(
        "--outcome", choices=[each.value for each in CallOutcome], default="", help="how it ended"
    )
    parser.add_argument(
        "--direction", choices=[each.value for each in Direction], default="", help="its direction"
    )
    parser.add_argument("--error", action="store_true", help="only calls with an error")


def query_of(args: argparse.Namespace) -> CallQuery:
    """Raises ``WrongQuery``."""
    from fuse_otel.views.calls import read_query  # noqa: PLC0415 - not for the help

    texts = {name: getattr(args, f"only_{name}") for name in _NAMES}
    texts |= {"outcome": args.outcome, "direction": args.direction, "q": args.calls}
    texts |= {"error": "true" if args.error else ""}
    return read_query(texts, time.time(), "--{}".format)
