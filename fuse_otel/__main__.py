"""``python -m fuse_otel`` is ``fuse-otel``."""

from __future__ import annotations

import sys

from fuse_otel.cli import main

if __name__ == "__main__":
    sys.exit(main())
