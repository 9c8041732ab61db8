"""``python -m fuse_otel.config`` prints ``docs/configuration.md``."""

from __future__ import annotations

import sys

from fuse_otel.config.documentation import document

if __name__ == "__main__":
    sys.stdout.write(document())
