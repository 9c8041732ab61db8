"""What an application is: a number that people call, and a flow that talks to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fuse_otel.simulator.script import Script


@dataclass(frozen=True, slots=True)
class Application:
    """``share`` weighs how often it is called among its like; ``leaving`` is the part of callers
    who hang up at some moment on the way.
    """

    name: str
    version: str
    revision: str
    number: str
    flow: Callable[[Script], None]
    share: float = 1.0
    leaving: float = 0.15
    outbound: bool = False
