"""What an entry costs, and what grows with what: ``make bench``.

    python -m benchmarks.table [--check | --write] [--scale] [GROUP ...]

Without groups it measures those that take a few minutes together. ``--write`` measures all groups,
stores the figures in ``benchmarks/figures.json`` and writes the tables and the picture of
docs/performance.md. ``--scale`` adds the sizes that take an hour. ``--check`` measures the group
``cpu`` and compares its ratios with the stored ones: machines differ, so microseconds are never
compared.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import page, picture
from benchmarks.rows import CONVENTIONAL, GROUPS, MICROSECONDS, Row, Size

WORSE = 1.2
STORED = Path(__file__).parent / "figures.json"
_MILLION = 1_000_000


def ratios(rows: Mapping[str, Row]) -> dict[str, float]:
    """Row → its cost as a multiple of the conventional way's."""
    base = rows[CONVENTIONAL][MICROSECONDS]
    found = {name: page.ratio(row[MICROSECONDS], base) for name, row in rows.items()}
    return {name: round(each, 3) for name, each in found.items() if each is not None}


def worse(found: Mapping[str, float], stored: Mapping[str, float]) -> list[str]:
    """A sentence for each row that costs 20 % more than its stored ratio, or is missing."""
    return [
        f"{name}: {found.get(name)} instead of {ratio}"
        for name, ratio in stored.items()
        if name not in found or found[name] > WORSE * ratio
    ]


def measured(names: Sequence[str], size: Size, *, keep: bool) -> dict[str, Any]:
    """The groups. Each is printed, and with ``keep`` written, before the next one begins: the whole
    takes half an hour. The load is that of the last minute before it.
    """
    run = {**described_run(os.getloadavg()[0]), "rounds": size.rounds, "calls": size.calls}
    found: dict[str, Any] = {}
    for name in names:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        found[name] = {row: dict(figures) for row, figures in GROUPS[name].measure(size).items()}
        print(page.table(name, found[name]), end="\n\n", flush=True)
        if keep:
            # The page describes the run of its first table.
            write({**({"run": run} if "cpu" in names else {}), name: found[name]})
    return found


def described_run(load: float) -> dict[str, object]:
    info = Path("/proc/cpuinfo")
    models = [line for line in info.read_text().splitlines() if line.startswith("model name")]
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
        "processor": models[0].partition(": ")[2] if models else platform.machine(),
        "load": round(load, 1),
    }


def write(found: Mapping[str, Any]) -> None:
    """Keep the stored figures of the groups that were not measured now."""
    figures = {**json.loads(STORED.read_text()), **found}
    STORED.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    page.PAGE.write_text(page.written(page.PAGE.read_text(), figures))
    picture.PICTURE.write_text(picture.draw(figures.get("cpu", {})))


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.table")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="compare with the stored ratios")
    what.add_argument("--write", action="store_true", help="store the figures, write the page")
    parser.add_argument("--scale", action="store_true", help="a backlog of a million calls too")
    parser.add_argument("group", nargs="*", help=", ".join(GROUPS))
    arguments = parser.parse_args(words)
    unknown = set(arguments.group) - GROUPS.keys()
    if unknown:
        parser.error(f"unknown group {', '.join(sorted(unknown))}; known: {', '.join(GROUPS)}")
    usual = [name for name, group in GROUPS.items() if arguments.write or not group.long]
    names = ["cpu"] if arguments.check else arguments.group or usual
    size = Size()
    if arguments.scale:
        size = replace(size, backlogs=(*size.backlogs, _MILLION))
    found = measured(names, size, keep=arguments.write)
    stored = json.loads(STORED.read_text())
    problems = compared(found["cpu"], stored["cpu"]) if arguments.check else []
    for problem in problems:
        print(problem)
    return 1 if problems else 0


def compared(here: Mapping[str, Row], stored: Mapping[str, Row]) -> list[str]:
    """As ``worse``, without the rows whose program is missing here, such as the Collector's."""
    absent = {name for name, row in here.items() if row[MICROSECONDS] is None}
    known = {name: each for name, each in ratios(stored).items() if name not in absent}
    return worse(ratios(here), known)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
