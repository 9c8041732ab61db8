"""``peak_memory.py WORDS``: run a command of the product, then print its exit code and the most
memory the process ever had resident, in bytes.
"""

import resource
import sys
from pathlib import Path

from fuse_otel.cli import main

STATUS = Path("/proc/self/status")


def peak() -> int:
    # What getrusage tells on Linux may be the parent's, from before exec.
    if STATUS.exists():
        line = next(x for x in STATUS.read_text().splitlines() if x.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


code = main(sys.argv[1:])
print(code, peak())  # noqa: T201 - the parent reads it
