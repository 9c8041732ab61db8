"""``fuse-otel erase``: remove what the store holds of calls, for requests under privacy law."""

from __future__ import annotations

import argparse
import sys

from fuse_otel.cli.arguments import add_session_ids
from fuse_otel.cli.output import DONE, FAILED, complain
from fuse_otel.cli.run_job import carry_out, confirmed, silent, stopped
from fuse_otel.cli.settings_flags import load_settings
from fuse_otel.config.settings import Settings
from fuse_otel.core.model.ids import trace_id
from fuse_otel.humanize import plural
from fuse_otel.jobs.job import Erase


def arguments(parser: argparse.ArgumentParser) -> None:
    add_session_ids(parser)
    parser.add_argument(
        "--yes",
        action="store_true",
        help="do not ask for confirmation in a terminal",
    )


def run(args: argparse.Namespace) -> int:
    terminal = sys.stdin is not None and sys.stdin.isatty()
    settings = load_settings(args, needs_account=False).settings
    session_ids = list(dict.fromkeys(args.session_ids))
    question = f"Erase {plural(len(session_ids), 'call')} from the store"
    if terminal and not args.yes and not confirmed(question):
        print("Nothing was erased.")
        return FAILED
    return max(_erase(settings, each) for each in session_ids)


def _erase(settings: Settings, call: str) -> int:
    ended = carry_out(settings, Erase(call), silent, sys.stderr)
    if ended.stopped:
        return stopped()
    trace = f"Trace id in the destinations: {trace_id(settings.namespace, call).hex()}"
    done = ended.status.state == "done"
    result = f"{call}: {ended.status.result} {trace}."
    if done:
        print(result)
    else:
        complain(f"fuse-otel: {result}")
    for problem in ended.problems:
        complain(f"fuse-otel: {problem}")
    return DONE if done and not ended.problems else FAILED
