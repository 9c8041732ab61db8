"""The threads: one an account, one a lane. They own the loops and the clock, and decide nothing."""

from fuse_otel.daemon.arenas import share_one_arena
from fuse_otel.daemon.condition import Conditions
from fuse_otel.daemon.daemon import Daemon
from fuse_otel.daemon.gather import Gather
from fuse_otel.daemon.once import Crew, Ended, work_off

__all__ = ["Conditions", "Crew", "Daemon", "Ended", "Gather", "share_one_arena", "work_off"]
