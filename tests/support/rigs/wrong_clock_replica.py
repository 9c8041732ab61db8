"""``wrong_clock_replica SECONDS WORDS``: a quick replica whose clock is so many seconds ahead."""

import sys
import time
from functools import partial

_right = time.time


def _wrong(ahead: float) -> float:
    return _right() + ahead


time.time = partial(_wrong, float(sys.argv.pop(1)))  # before the imports that keep the function

from fuse_otel.cli import main  # noqa: E402
from support.rigs.quick_replica import quicken  # noqa: E402

if __name__ == "__main__":
    quicken()
    sys.exit(main(sys.argv[1:]))
