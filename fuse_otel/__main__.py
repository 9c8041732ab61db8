"""The entry of ``fuse-otel`` and ``python -m fuse_otel``."""

from __future__ import annotations

import os
import signal
import sys

_PID_1 = 1


def main() -> int:
    """Run the command line. Imports it only after SIGTERM has a handler."""
    _end_on_sigterm()
    from fuse_otel.cli import main as command_line  # noqa: PLC0415 - takes up to a second

    return command_line()


def _end_on_sigterm() -> None:
    """The kernel ignores signals without a handler for PID 1, the first process of a container:
    during its imports the daemon did not react to `docker stop`. Until a command installs its own
    handler there is nothing to drain, so the process ends at once.
    """
    daemon = sys.argv[1:2] == ["run"]
    if daemon or os.getpid() == _PID_1:
        code = 0 if daemon else 128 + signal.SIGTERM
        signal.signal(signal.SIGTERM, lambda *_: os._exit(code))


if __name__ == "__main__":
    sys.exit(main())
