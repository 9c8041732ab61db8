"""What an entry costs, in one table: ``make bench``. ``--check`` compares with the stored ratios.

    python -m benchmarks.table [--check | --write]

All rows are measured by turns in one run, as CPU time of the process that does the work. Machines
are noisy and differ, so a row is compared with the last one, the SDK's: read the ratios.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

import msgspec
from support.rigs.long_run import START, LongRun

from benchmarks.path_of_a_call import sdk_spans, simulated, whole_path
from fuse_otel.core.decoding.answers import decode_call
from fuse_otel.core.model.call import CallRecord, log_completeness
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.redaction.pseudonym import pseudonymise
from fuse_otel.core.translation.translate import transform

ROUNDS = 3
CALLS = 1500
WORSE = 1.2
STORED = Path(__file__).parent / "ratios.json"
SDK = "the SDK: its spans alone"
_HOUR = 3600.0
_LETTERS = str.maketrans("0123456789", "bcdfghjklm")
Calls = list[tuple[CallRecord, bytes]]


def backlog() -> tuple[float, float]:
    """(CPU seconds, entries) of the daemon from the API's answer to the back end's."""
    past = 20 * _HOUR
    with (
        tempfile.TemporaryDirectory() as folder,
        LongRun(
            Path(folder), rate=CALLS / past, past=past, export_seconds=0.01, FUSE_OTEL_SINCE="1d"
        ) as run,
    ):
        before, after = run.run(START), run.run(START + 600)
        told = run.compare(START - past, START - 300)
    return after["cpu"] - before["cpu"], told["entries"]


def live() -> tuple[float, float]:
    """The same while as many calls end within an hour, and are read within a minute."""
    begin, end = START + 600, START + 600 + _HOUR
    with (
        tempfile.TemporaryDirectory() as folder,
        LongRun(Path(folder), rate=CALLS / _HOUR, past=1.0, export_seconds=0.01) as run,
    ):
        before, after = run.run(begin), run.run(end)
        earlier, all_ = run.compare(START, begin), run.compare(START, end)
    return after["cpu"] - before["cpu"], all_["entries"] - earlier["entries"]


def unlike(calls: Calls) -> Calls:
    """The calls with other names and texts in each entry."""
    return [
        (record, msgspec.json.encode(_unlike_entries(body, f"{at}q".translate(_LETTERS))))
        for at, (record, body) in enumerate(calls)
    ]


def _unlike_entries(body: bytes, call: str) -> object:
    entries = msgspec.json.decode(body)
    for at, entry in enumerate(entries):
        word = f"{call}{at}".translate(_LETTERS)
        event = entry["event"]
        event["line"] = f"{event['line']} {word}"
        for key, value in event["data"].items():
            if isinstance(value, str) and key != "module_type":
                event["data"][key] = f"{value} {word}"
    return entries


def pure(calls: Calls) -> tuple[float, float]:
    """Decode, redact, translate, encode and compress, without any input or output."""
    began = time.process_time()
    whole_path(calls)
    return time.process_time() - began, _entries(calls)


def sdk(calls: Calls) -> tuple[float, float]:
    """Start, end, encode and compress the spans of the same calls with the SDK."""
    known = [(pseudonymise(r, b"key"), decode_call(body)[0]) for r, body in calls]
    made = [transform(c, log, log_completeness(c, log), ModelOptions()) for c, log in known]
    began = time.process_time()
    sdk_spans(made)
    return time.process_time() - began, _entries(calls)


def _entries(calls: Calls) -> int:
    return sum(decode_call(body)[0].count for _, body in calls)


def measured() -> dict[str, float]:
    """Row → µs of CPU an entry, the median of all rounds."""
    calls = simulated()
    others = unlike(calls)
    rows: dict[str, Callable[[], tuple[float, float]]] = {
        "whole path, backlog": backlog,
        "whole path, live": live,
        "pure code": lambda: pure(calls),
        "pure code, nothing repeats": lambda: pure(others),
        SDK: lambda: sdk(calls),
    }
    found: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(ROUNDS):
        for name, row in rows.items():
            seconds, entries = row()
            found[name].append(seconds / entries * 1e6)
    return {name: median(each) for name, each in found.items()}


def ratios(rows: Mapping[str, float]) -> dict[str, float]:
    """Row → its cost as a multiple of the SDK's."""
    return {name: round(cost / rows[SDK], 2) for name, cost in rows.items()}


def worse(found: Mapping[str, float], stored: Mapping[str, float]) -> list[str]:
    """A sentence for each row that costs 20 % more than its stored ratio, or is missing."""
    return [
        f"{name}: {found.get(name)} instead of {ratio}"
        for name, ratio in stored.items()
        if name not in found or found[name] > WORSE * ratio
    ]


def main(option: str = "") -> int:
    if option not in {"", "--check", "--write"}:
        print("usage: python -m benchmarks.table [--check | --write]", file=sys.stderr)
        return 2
    rows = measured()
    found = ratios(rows)
    print("| one core, CPU time | µs an entry | ratio to the SDK |\n|---|---:|---:|")
    for name, cost in rows.items():
        print(f"| {name} | {cost:.1f} | {found[name]:.2f} |")
    if option == "--write":
        STORED.write_text(json.dumps(found, indent=2) + "\n")
    problems = worse(found, json.loads(STORED.read_text())) if option == "--check" else []
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
