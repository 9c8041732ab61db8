"""The threads: one an account, one a lane. They own the loops and the clock, and decide nothing."""

from fuse_otel.daemon.daemon import Daemon
from fuse_otel.daemon.detail_pool import DetailPool
from fuse_otel.daemon.malloc import share_one_arena
from fuse_otel.daemon.readiness import Readiness
from fuse_otel.daemon.run_once import Crew, RunOnceResult, work_off

__all__ = [
    "Crew",
    "Daemon",
    "DetailPool",
    "Readiness",
    "RunOnceResult",
    "share_one_arena",
    "work_off",
]
