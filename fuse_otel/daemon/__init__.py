"""The threads: one an account, one a lane. They own the loops and the clock, and decide nothing."""

from fuse_otel.daemon.condition import Conditions
from fuse_otel.daemon.daemon import Daemon
from fuse_otel.daemon.gather import Gather
from fuse_otel.daemon.once import Crew, Ended, work_off

__all__ = ["Conditions", "Crew", "Daemon", "Ended", "Gather", "work_off"]
