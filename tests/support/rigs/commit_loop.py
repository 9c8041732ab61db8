"""A process that commits one call after the other until it is killed.

``commit_loop.py FILE FIRST`` numbers its calls from FIRST and prints a number after its commit has
returned.
"""

import sys
import time

from fuse_otel.store import open_store
from support.builders.store_values import JAEGER, TEMPO, whole_step


def main(path: str, first: int) -> None:
    store = open_store(f"sqlite:///{path}", capacity=10**9, clock=time.time)
    lease = store.ledger.lease("main")
    number = first
    while True:
        lease.commit(whole_step(f"call {number}", lanes=[TEMPO, JAEGER]))
        print(number, flush=True)  # noqa: T201 - the parent reads it
        number += 1


main(sys.argv[1], int(sys.argv[2]))
