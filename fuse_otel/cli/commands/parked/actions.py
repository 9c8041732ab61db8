"""``parked list`` and ``parked show``: parked calls as a table, and one of them as a tree.
``parked replay`` and ``parked drop``: jobs for the process that holds the store.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from fuse_otel.assembly.parts import open_control
from fuse_otel.cli.output import DONE, FAILED, USAGE, complain, printed
from fuse_otel.cli.run_job import JobEnded, carry_out, confirmed, silent, stopped
from fuse_otel.cli.settings_flags import load_settings
from fuse_otel.cli.terminal.call_tree import draw
from fuse_otel.cli.terminal.text import (
    Ink,
    Line,
    Piece,
    coloured,
    paint,
    painted_table,
    terminal_width,
)
from fuse_otel.config.settings import Settings
from fuse_otel.core.batching.gzip_member import inflate
from fuse_otel.core.encoding.otlp_json import Json, dumps, logs_json, traces_json
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.errors import FuseOtelError
from fuse_otel.humanize import ago, clean, moment, plural
from fuse_otel.jobs.job import Drop, JobRequest, Replay
from fuse_otel.ports import Control, ParkedCall, ParkedQuery
from fuse_otel.views.call_tree import call_trees
from fuse_otel.views.table import Cell, Table


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


_HEADS = ("#ID", "Lane", "Call", "Parked", "Why")


def list_parked(args: argparse.Namespace) -> int:
    settings = load_settings(args, needs_account=False).settings
    with open_control(settings) as control:
        query = query_of(args, settings, control)
        calls = control.parked(args.limit, query)
        count, _ = control.parked_count(query)
    lines = _json(calls) if args.json else _table(calls, count)
    return printed(lines)


def _json(calls: Sequence[ParkedCall]) -> Iterator[str]:
    yield json.dumps([_object(call) for call in calls], indent=2, ensure_ascii=False)


def _object(parked: ParkedCall) -> dict[str, object]:
    return {
        "id": parked.id,
        "destination": parked.lane.destination,
        "signal": parked.lane.signal.value,
        "session_id": parked.call.session_id,
        "start": parked.call.start,
        "end": parked.call.end,
        "items": parked.call.items,
        "rejected": parked.rejected,
        "code": parked.code,
        "reason": parked.reason,
        "parked_at": parked.parked_at,
    }


def _table(calls: Sequence[ParkedCall], count: int) -> Iterator[str]:
    if not calls:
        yield "Nothing is parked."
        return
    now = time.time()
    rows = [_row(call, now) for call in calls]
    yield from painted_table(Table("Parked calls", "call", _HEADS, rows))
    if count > len(calls):
        yield f"{count - len(calls):,} more: --limit {count} lists them all."


def _row(parked: ParkedCall, now: float) -> list[Cell]:
    texts = (
        str(parked.id),
        str(parked.lane),
        parked.call.session_id,
        ago(parked.parked_at, now),
        _why(parked),
    )
    return [Cell(text) for text in texts]


def _why(parked: ParkedCall) -> str:
    """The destination's words, with the code unless they name it themselves."""
    if parked.reason.startswith(parked.code) or parked.code in parked.reason.split():
        return parked.reason
    return f"{parked.code} {parked.reason}"


def show_parked(args: argparse.Namespace) -> int:
    settings = load_settings(args, needs_account=False).settings
    with open_control(settings) as control:
        parked = control.parked_call(args.id)
    if parked is None:
        complain(f"fuse-otel: Call {args.id} is not parked: see `fuse-otel parked list`.")
        return FAILED
    try:
        request = _request(parked)
    except ValueError:
        request = {}
    if args.otlp:
        return printed([dumps(request)] if request else [])
    colour = coloured(args.color)
    lines = (paint(line, None, colour=colour) for line in _facts(parked))
    return printed([*lines, *_drawings(parked, request, colour=colour)])


def _request(parked: ParkedCall) -> Json:
    """The parked bytes as OTLP/JSON. Raises ``ValueError`` where they are damaged."""
    read = traces_json if parked.lane.signal is Signal.TRACES else logs_json
    return read(inflate(parked.data))


def _facts(parked: ParkedCall) -> Iterator[Line]:
    unit = "spans" if parked.lane.signal is Signal.TRACES else "log records"
    facts = (
        ("parked", f"{parked.id}, {moment(parked.parked_at)}"),
        ("lane", str(parked.lane)),
        ("call", parked.call.session_id),
        ("refused", f"{parked.rejected:,} of {parked.call.items:,} {unit}"),
        ("code", parked.code),
        ("reason", parked.reason),
    )
    for name, value in facts:
        yield [Piece(f"{name:<9}", Ink.FAINT), Piece(clean(value))]


def _drawings(parked: ParkedCall, request: Json, *, colour: bool) -> Iterator[str]:
    traces = parked.lane.signal is Signal.TRACES
    trees = call_trees(request if traces else {}, {} if traces else request)
    drawn = False
    for tree in trees:
        yield ""
        yield draw(tree, width=terminal_width(), colour=colour, records=not traces)
        drawn = True
    if not drawn:
        size = plural(len(parked.data), "byte")
        yield ""
        yield f"Nothing of the call is left to draw: the stored {size} hold no telemetry."


def replay(args: argparse.Namespace) -> int:
    settings = load_settings(args, needs_account=False).settings
    query, count = _matching(args, settings)
    return _run(settings, Replay(query)) if count else DONE


def drop(args: argparse.Namespace) -> int:
    terminal = sys.stdin is not None and sys.stdin.isatty()
    if args.all and not (args.yes or terminal):
        complain("fuse-otel: drop --all deletes permanently: without a terminal it requires --yes.")
        return USAGE
    settings = load_settings(args, needs_account=False).settings
    query, count = _matching(args, settings)
    if not count:
        return DONE
    if terminal and not args.yes and not confirmed(f"Drop {plural(count, 'parked call')}"):
        print("Nothing was dropped.")
        return FAILED
    return _run(settings, Drop(query))


class NotParked(FuseOtelError):
    """The command names calls that are not parked, or not for this destination and signal."""


def _matching(args: argparse.Namespace, settings: Settings) -> tuple[ParkedQuery, int]:
    """The parked calls that the command selects now, and how many they are.

    A call that is parked later, such as one that is refused again, does not belong to it. Raises
    ``NotParked``.
    """
    with open_control(settings) as control:
        query = query_of(args, settings, control)
        count, last = control.parked_count(query)
        found = {call.id for call in control.parked(count, query)} if query.ids else set()
    missing = [str(each) for each in query.ids if each not in found]
    if missing:
        which = f"Call {missing[0]} is" if len(missing) == 1 else f"Calls {', '.join(missing)} are"
        there = " for this destination and signal" if query.destination or query.signal else ""
        raise NotParked(f"{which} not parked{there}. Nothing was done.")
    if not count:
        print("Nothing is parked.")
    return replace(query, last=last), count


def _run(settings: Settings, request: JobRequest) -> int:
    ended = carry_out(settings, request, silent, sys.stderr)
    return stopped() if ended.stopped else _report(ended)


def _report(ended: JobEnded) -> int:
    problems = list(ended.problems)
    if ended.status.state == "failed":
        problems.insert(0, ended.status.result)
    elif ended.status.state == "done":
        print(ended.status.result)
    if ended.parked:
        again = plural(ended.parked, "call was", "calls were")
        problems.append(f"{again} refused and parked again: see `fuse-otel parked list`.")
    for problem in problems:
        complain(f"fuse-otel: {problem}")
    return FAILED if problems else DONE
