"""``fuse-otel backfill``: read an interval of the last five days."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from fuse_otel.cli.output import DONE, FAILED, USAGE, complain
from fuse_otel.cli.settings_flags import load_settings

if TYPE_CHECKING:
    from fuse_otel.cli.run_job import JobEnded
    from fuse_otel.config.settings import Settings
    from fuse_otel.jobs.job import Backfill


def arguments(parser: argparse.ArgumentParser) -> None:
    when = "2026-11-18T09:30Z, 2026-11-18, 36h (ago) or UNIX seconds; UTC unless an offset is given"
    parser.add_argument(
        "--from", dest="start", required=True, metavar="TIME", help=f"start of the interval: {when}"
    )
    parser.add_argument(
        "--to", dest="end", default="now", metavar="TIME", help="end of the interval (default: now)"
    )
    parser.add_argument(
        "--account",
        action="append",
        default=[],
        metavar="NAME",
        help="only this account; repeatable",
    )
    parser.add_argument(
        "--again", action="store_true", help="also send calls again that were sent before"
    )


def run(args: argparse.Namespace) -> int:
    from fuse_otel.cli.arguments import read_interval  # noqa: PLC0415 - not for the help
    from fuse_otel.jobs.job import Backfill  # noqa: PLC0415

    settings = load_settings(args).settings
    try:
        start, end = read_interval(args.start, args.end, time.time())
        accounts = _accounts(args.account, settings)
    except ValueError as error:
        complain(f"fuse-otel: {error}")
        return USAGE
    return _run(settings, Backfill(start, end, accounts, args.again))


def _accounts(names: list[str], settings: Settings) -> tuple[str, ...]:
    configured = [account.name for account in settings.accounts]
    for name in names:
        if name not in configured:
            known = ", ".join(configured)
            raise ValueError(f"--account: {name} is not configured; these are: {known}.")
    return tuple(dict.fromkeys(names))


def _run(settings: Settings, backfill: Backfill) -> int:
    from fuse_otel.cli.run_job import carry_out  # noqa: PLC0415 - the whole daemon
    from fuse_otel.cli.terminal.progress import Progress  # noqa: PLC0415
    from fuse_otel.cli.terminal.text import coloured, terminal_width  # noqa: PLC0415

    live = sys.stderr.isatty()
    progress = Progress(
        sys.stderr,
        _seconds(settings, backfill),
        live=live,
        width=terminal_width(sys.stderr),
        colour=coloured(stream=sys.stderr),
    )
    try:
        ended = carry_out(settings, backfill, progress.show, progress)
    finally:
        progress.erase()
    return _report(ended)


def _seconds(settings: Settings, backfill: Backfill) -> int:
    """Seconds to read: the interval, for each number of each account."""
    accounts = [
        a for a in settings.accounts if a.name in backfill.accounts or not backfill.accounts
    ]
    numbers = sum(len(account.numbers) or 1 for account in accounts)
    return (backfill.end - backfill.start) * numbers


def _report(ended: JobEnded) -> int:
    from fuse_otel.cli.run_job import stopped  # noqa: PLC0415 - imported already

    status = ended.status
    if ended.stopped and ended.beside:
        return stopped("The daemon continues to read: see `fuse-otel status`.")
    if ended.stopped:
        return stopped()
    if status.state == "done":
        print(status.result)
        if ended.beside:
            print("The daemon delivers them: see `fuse-otel status`.")
    elif status.state == "failed":
        complain(f"fuse-otel: {status.result}")
    for problem in ended.problems:
        complain(f"fuse-otel: {problem}")
    return DONE if status.state == "done" and not ended.problems else FAILED
