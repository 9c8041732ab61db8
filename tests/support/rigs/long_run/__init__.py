"""Days and weeks of a daemon in minutes: everything real but the clock.

``daemon_process`` is a process with the daemon's own assembly, its loops stepped in simulated time;
``peers_process`` is a process with the simulated API and an OTLP back end, over HTTP on loopback.
Both read one ``SharedClock``. ``LongRun`` starts and queries them.
"""

from support.rigs.long_run.fault_interval import FaultInterval
from support.rigs.long_run.long_run import START, LongRun

__all__ = ["START", "FaultInterval", "LongRun"]
