"""``parked replay`` and ``parked drop``: jobs for the process that holds the store."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

from fuse_otel.assembly.parts import open_control
from fuse_otel.cli.commands.parked.show import query_of
from fuse_otel.cli.output import DONE, FAILED, USAGE, complain
from fuse_otel.cli.run_job import JobEnded, carry_out, confirmed, silent, stopped
from fuse_otel.cli.settings_flags import load_settings
from fuse_otel.config.settings import Settings
from fuse_otel.errors import FuseOtelError
from fuse_otel.humanize import plural
from fuse_otel.jobs.job import Drop, JobRequest, Replay
from fuse_otel.ports import ParkedQuery


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
