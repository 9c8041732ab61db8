"""``sharing_replica WORDS``: a quick replica that lets others help with any gap at once, and reads
gaps in short windows, so that a small account has something to share.
"""

import sys
from functools import partial

from fuse_otel.assembly import parts
from fuse_otel.cli import main
from fuse_otel.core.timing.windows import WindowSize
from fuse_otel.poller import PollerOptions, scans
from support.rigs.quick_replica import quicken

if __name__ == "__main__":
    quicken()
    parts.PollerOptions = partial(PollerOptions, share_after=0.0)  # type: ignore[misc]
    scans.WindowSize = partial(WindowSize, seconds=60, few=0)  # type: ignore[misc]
    sys.exit(main(sys.argv[1:]))
