"""Sending parked calls again, and dropping them: orders for whoever holds the store."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

from fuse_otel.assembly import open_control
from fuse_otel.cli.commands.parked_query import query_of
from fuse_otel.cli.output import complain
from fuse_otel.cli.run_job import GOES_ON, JobEnded, carry_out
from fuse_otel.cli.settings_flags import load_settings
from fuse_otel.cli.signals import leave_if_hung
from fuse_otel.config.settings import Settings
from fuse_otel.humanize import plural
from fuse_otel.jobs import Asked, Drop, Replay
from fuse_otel.ports import JobStatus, ParkedQuery

_DONE, _FAILED, _INTERRUPTED = 0, 1, 130


def replay(args: argparse.Namespace) -> int:
    settings = load_settings(args, needs_account=False).settings
    which, count, problem = _found(args, settings)
    if problem or not count:
        return _nothing(problem)
    return _ordered(settings, Replay(which))


def drop(args: argparse.Namespace) -> int:
    settings = load_settings(args, needs_account=False).settings
    which, count, problem = _found(args, settings)
    if problem or not count:
        return _nothing(problem)
    if sys.stdin.isatty() and not args.yes and not _sure(count):
        print("Nothing was dropped.")
        return _FAILED
    return _ordered(settings, Drop(which))


def _found(args: argparse.Namespace, settings: Settings) -> tuple[ParkedQuery, int, str]:
    """What is asked for as it stands now, how many that are, and what is wrong with it.

    A call that is parked later, such as one that is refused again, does not belong to it.
    """
    with open_control(settings) as control:
        query = query_of(args, settings, control)
        count, last = control.parked_count(query)
        found = {call.id for call in control.parked(count, query)} if query.ids else set()
    missing = [str(one) for one in query.ids if one not in found]
    problem = f"Not parked (there): {', '.join(missing)}. Nothing was done." if missing else ""
    return replace(query, last=last), count, problem


def _nothing(problem: str) -> int:
    if problem:
        complain(f"fuse-otel: {problem}")
        return _FAILED
    print("Nothing is parked.")
    return _DONE


def _sure(count: int) -> bool:
    try:
        answer = input(f"Drop {plural(count, 'parked call')} for good? [y/N] ")
    except EOFError:
        return False
    return answer.strip().lower() in {"y", "yes"}


def _ordered(settings: Settings, asked: Asked) -> int:
    ended = carry_out(settings, asked, _silent, sys.stderr)
    if ended.stopped:
        complain(f"Stopped. The order is kept: {GOES_ON}.")
        leave_if_hung(_INTERRUPTED)
        return _INTERRUPTED
    return _told(ended)


def _told(ended: JobEnded) -> int:
    problems = list(ended.problems)
    if ended.receipt.state == "failed":
        problems.insert(0, ended.receipt.result)
    elif ended.receipt.state == "done":
        print(ended.receipt.result)
    if ended.parked:
        again = plural(ended.parked, "call was", "calls were")
        problems.append(f"{again} refused and parked once more: `fuse-otel parked list` says why.")
    for problem in problems:
        complain(f"fuse-otel: {problem}")
    return _FAILED if problems else _DONE


def _silent(_receipt: JobStatus) -> None:
    """It is done within a second or two: nothing to show on the way."""
