"""The threads: one for each account and each lane. They own loops and clock, and contain no
decisions.
"""

from fuse_otel.daemon.daemon import Daemon
from fuse_otel.daemon.memory import collect_rarely, give_back_memory, share_one_arena
from fuse_otel.daemon.problems import Problems
from fuse_otel.daemon.readiness import Readiness
from fuse_otel.daemon.request_threads import RequestThreads
from fuse_otel.daemon.run_once import RunOnceResult, WorkerGroup, run_once

__all__ = [
    "Daemon",
    "Problems",
    "Readiness",
    "RequestThreads",
    "RunOnceResult",
    "WorkerGroup",
    "collect_rarely",
    "give_back_memory",
    "run_once",
    "share_one_arena",
]
