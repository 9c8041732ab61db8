"""What the daemon spends on a call from the API's answer to the back end's: fetch, decode, redact,
translate, compress, store with fsync, send, resolve.

    make benchmarks

Both far sides are a process of their own, so the CPU is the daemon's alone.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from support.rigs.long_run import START, LongRun

CALLS = 4000
HOUR = 3600.0
_PAST = 20 * HOUR


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        LongRun(
            Path(folder), rate=CALLS / _PAST, past=_PAST, export_seconds=0.01, FUSE_OTEL_SINCE="1d"
        ) as run,
    ):
        before = run.run(START)
        after = run.run(START + 600)
        told = run.compare(START - _PAST, START - 300)
    seconds, entries = after["cpu"] - before["cpu"], told["entries"]
    print(f"{told['calls']} calls, {entries} entries, {told['bytes'] / 1e6:.0f} MB of OTLP", end="")
    print(f" in {told['requests']} requests of at most {told['largest'] / 1e6:.1f} MB")
    print(f"the whole path: {seconds / entries * 1e6:.1f} µs of CPU an entry,", end=" ")
    print(f"{told['calls'] / seconds:.0f} calls a second and core, at most", end=" ")
    print(f"{after['most_memory'] / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
