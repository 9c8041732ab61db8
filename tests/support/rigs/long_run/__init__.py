"""Days and weeks of a daemon in minutes: everything real but the clock.

``near_side`` is a process with the daemon's own assembly, its loops stepped in simulated time;
``far_side`` is a process with the simulated API and an OTLP back end, over HTTP on loopback. Both
read one ``SharedClock``. ``LongRun`` starts and asks them.
"""

from support.rigs.long_run.long_run import START, LongRun
from support.rigs.long_run.spell import Spell

__all__ = ["START", "LongRun", "Spell"]
