"""A process with the simulated API, the back end, and the truth to compare with.

It reads its arguments as JSON from the first line of stdin and prints where both listen. Then it
answers each ``compare`` line with a line of JSON until stdin ends.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fuse_otel.simulator.faults import Fault, Faults
from fuse_otel.simulator.quirks import Quirks
from fuse_otel.simulator.requests import ApiQuery
from fuse_otel.simulator.server import Server
from fuse_otel.simulator.simulated_api import SimulatedApi
from support.rigs.long_run.back_end import BackEnd
from support.rigs.long_run.comparison import compare
from support.rigs.long_run.fault_interval import FaultInterval
from support.rigs.long_run.services import services
from support.rigs.long_run.shared_clock import SharedClock
from support.rigs.long_run.worlds import WORLDS


class ScheduledFaults(Faults):
    """The faults of the present simulated time."""

    def __init__(self, faults: Sequence[FaultInterval], clock: Callable[[], float]) -> None:
        super().__init__()
        self._intervals = [(interval, Fault.parsed(interval.kind)) for interval in faults]
        self._clock = clock
        self._now: list[Fault] = []

    def draw(self, query: ApiQuery) -> tuple[float, Fault | None]:
        now = self._clock()
        faults = [fault for interval, fault in self._intervals if interval.on(now)]
        if faults != self._now:
            self._now = faults
            self.replace(faults)
        return super().draw(query)


def serve(arguments: Mapping[str, Any]) -> None:
    clock = SharedClock(Path(arguments["clock"]))
    faults = [FaultInterval(*interval) for interval in arguments["faults"]]
    world = WORLDS[arguments["world"]](
        arguments["seed"],
        arguments["rate"],
        arguments["past"],
        arguments["start"],
        services(**arguments["services"]),
    )
    api_faults = ScheduledFaults([each for each in faults if each.place == "api"], clock)
    lanes = [each for each in faults if each.place != "api"]
    back_end = BackEnd(lanes, clock, arguments["most_bytes"])
    server = Server(("127.0.0.1", 0), back_end.respond, clock)
    with ExitStack() as stack:
        port = stack.enter_context(server.running())
        quirks = Quirks.parsed(arguments["quirks"])
        api = stack.enter_context(
            SimulatedApi(world, quirks=quirks, faults=api_faults, clock=clock)
        )
        _write({"api": api.url, "back_end": f"http://127.0.0.1:{port}"})
        for line in sys.stdin:
            question = json.loads(line)
            _write(
                compare(world, back_end, **question) | {"api_requests": sum(api.requests.values())}
            )


def _write(answer: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve(json.loads(sys.stdin.readline()))
