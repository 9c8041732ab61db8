"""Arguments that several commands have: intervals, numbers, session ids, filters, colour."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from fuse_otel.core.timing.moment_text import read_moment
from fuse_otel.core.timing.windows import RETENTION
from fuse_otel.humanize import moment

if TYPE_CHECKING:
    from fuse_otel.ports import CallQuery


_SLACK = 60  # seconds by which "five days ago" may be older when it arrives here


def read_interval(start: str, end: str, now: float) -> tuple[int, int]:
    """``--from`` and ``--to`` as whole UNIX seconds, within the time for which Plum keeps logs.

    Raises ``ValueError`` with a sentence that names the flag.
    """
    first, last = _flag("--from", start, now), _flag("--to", end, now)
    if first < now - RETENTION - _SLACK:
        raise ValueError(
            f"--from: {moment(first)} is more than 5 days ago, and Plum keeps no log longer:"
            f" the earliest is {moment(now - RETENTION)} (5d)."
        )
    if first >= now:
        raise ValueError(f"--from: {moment(first)} is in the future.")
    if last <= first:
        raise ValueError(f"--to: {moment(last)} is not after --from, {moment(first)}.")
    return int(max(first, now - RETENTION)), int(min(last, now))


def _flag(name: str, text: str, now: float) -> float:
    try:
        return read_moment(text, now)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


MOST_ID = 2**63 - 1  # of the store
_Number = TypeVar("_Number", int, float)


def number(kind: type[_Number], least: _Number, most: _Number) -> Callable[[str], _Number]:
    """A type for argparse."""

    def read(text: str) -> _Number:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not least <= value <= most:  # nan is in no interval
            raise argparse.ArgumentTypeError(f"the value is not a number from {least} to {most}")
        return value

    return read


def add_session_ids(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "session_ids",
        nargs="+",
        type=_session_id,
        metavar="SESSION_ID",
        help="for example '300060;001;1529552581'",
    )


def _session_id(text: str) -> str:
    """An empty one comes of an unset variable in a script."""
    if not text:
        raise argparse.ArgumentTypeError("a session id is empty")
    return text


def add_color(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto", help="default: auto"
    )


_NAMES = ("application", "account", "module", "from", "to")


def add_filters(parser: argparse.ArgumentParser) -> None:
    # msgspec comes with them, which other commands do not need.
    from fuse_otel.core.model.call import Direction  # noqa: PLC0415
    from fuse_otel.core.translation.translate import CallOutcome  # noqa: PLC0415

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
