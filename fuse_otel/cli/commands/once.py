"""``fuse-otel once``: process everything that is due, then exit."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fuse_otel.cli.output import DONE, FAILED, INTERRUPTED
from fuse_otel.cli.settings_flags import load_settings
from fuse_otel.cli.signals import STOPPING, Interrupt
from fuse_otel.config.values.quantities import read_duration
from fuse_otel.events import Emit, Event, ExportDone
from fuse_otel.humanize import plural, quoted
from fuse_otel.ports import LaneStatus, PendingReason

if TYPE_CHECKING:
    from fuse_otel.daemon.run_once import RunOnceResult

_TIMEOUT = 60.0
_STOPPED = "Stopped. The next run continues from there."


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--timeout",
        type=_duration,
        default=_TIMEOUT,
        metavar="DURATION",
        help=f"exit after this time, even if work is left (default: {_TIMEOUT:g}s)",
    )


def _duration(text: str) -> float:
    try:
        return read_duration(text)
    except ValueError as error:
        sentence = str(error).replace(quoted(text), "the value")
        raise argparse.ArgumentTypeError(sentence) from error


def run(args: argparse.Namespace) -> int:
    from fuse_otel import net  # noqa: PLC0415 - httpx
    from fuse_otel.assembly.workers import build_workers, readiness  # noqa: PLC0415 - the daemon
    from fuse_otel.daemon.run_once import WorkerGroup, run_once  # noqa: PLC0415
    from fuse_otel.instrumentation import fan_out  # noqa: PLC0415
    from fuse_otel.instrumentation.log import Log, route_libraries  # noqa: PLC0415

    loaded = load_settings(args)
    settings = loaded.settings
    log = Log(sys.stderr, settings.log_level, settings.log_format)
    undo = route_libraries(log)
    for warning in loaded.warnings:
        log.warning(warning)
    interrupt = Interrupt()
    interrupt.words = STOPPING
    interrupt.listen()
    state = readiness(settings)
    delivered: Counter[str] = Counter()  # items by lane

    def count(event: Event) -> None:
        if isinstance(event, ExportDone):
            delivered[str(event.lane)] += event.items

    emit: Emit = fan_out(log, state, count)
    workers = build_workers(settings, emit, once=True)
    lanes: Sequence[LaneStatus] = ()
    try:
        with net.deadline(args.timeout):
            ended = run_once(
                WorkerGroup(workers.job_worker, workers.pollers, workers.shippers, emit),
                timeout=args.timeout,
                clock=workers.clock,
                sleep=interrupt.wait_for_end,
                down=state.lanes_down,
                halt=lambda: [_STOPPED] if interrupt.stopping else (),
            )
        lanes = workers.store.control.status().lanes
    finally:
        workers.close()
        log.close()
        undo()
    _print_summary(delivered, ended, lanes)
    for problem in ended.problems:
        print(f"fuse-otel: {problem}", file=sys.stderr)
    if _STOPPED in ended.problems:
        return INTERRUPTED
    return FAILED if ended.problems else DONE


def _print_summary(
    delivered: Counter[str], ended: RunOnceResult, lanes: Sequence[LaneStatus]
) -> None:
    lines = [
        f"{lane}: {items} {'spans' if lane.endswith('traces') else 'log records'} delivered"
        for lane, items in sorted(delivered.items())
    ]
    lines = lines or ["Nothing to deliver."]
    growing = ended.waiting.get(PendingReason.GROWING, 0)
    if growing:
        held = plural(growing, "call is held: its log", "calls are held: their logs")
        lines.append(f"{held} may still grow.")
    missing = ended.waiting.get(PendingReason.MISSING, 0)
    if missing:
        held = plural(missing, "call waits", "calls wait")
        lines.append(f"{held} for a log that the API does not have yet.")
    for each in lanes:
        if each.parked:
            kept = plural(each.parked, "call is", "calls are")
            lines.append(f"{each.lane}: {kept} parked; see `fuse-otel parked list`.")
        if each.paused_since is not None:
            wait = plural(each.calls, "call waits", "calls wait")
            lines.append(f"{each.lane}: paused, {wait}; see `fuse-otel lane resume`.")
    if ended.history:
        lines.append("Only history is still to be read; the next run continues from there.")
    for line in lines:
        print(line, file=sys.stderr)
