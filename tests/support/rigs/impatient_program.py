"""``impatient_program.py WORDS``: the command line, with lanes that wait a fraction of a second
where the product waits seconds and minutes. Everything else is the product's.
"""

import sys
from typing import Any

from msgspec.structs import replace

from fuse_otel.assembly import parts
from fuse_otel.cli import main
from fuse_otel.shipper import ShipperOptions

FIRST_WAIT = 0.1

_product = parts.shipper_options


def impatient(*args: Any, **kwargs: Any) -> ShipperOptions:
    options = _product(*args, **kwargs)
    return replace(options, first_wait=FIRST_WAIT, longest_wait=0.4, suspend=0.3, idle=0.1)


if __name__ == "__main__":
    parts.shipper_options = impatient
    sys.exit(main(sys.argv[1:]))
