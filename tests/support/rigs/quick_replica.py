"""``quick_replica WORDS``: the command line of a replica that counts as dead after three seconds,
with the impatient lanes. Everything else is the product's.
"""

import sys
from functools import partial

from fuse_otel.assembly import parts
from fuse_otel.cli import main
from fuse_otel.store.postgres import database, store
from fuse_otel.store.postgres.replica import Replica
from support.rigs.impatient_program import impatient

LEASE = 3.0
SILENCE = 4.0


def quicken() -> None:
    parts.shipper_options = impatient
    store.Replica = partial(Replica, lease=LEASE)  # type: ignore[assignment,misc]
    database.SILENCE = SILENCE  # type: ignore[assignment]


if __name__ == "__main__":
    quicken()
    sys.exit(main(sys.argv[1:]))
