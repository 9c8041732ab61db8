"""The far side as a process: the simulated API, the back end, and the truth to compare with.

Told its arguments as JSON on the first line of stdin, it prints where both listen, then answers a
line of JSON to each ``compare`` line until stdin ends.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fuse_otel.simulator import Fault, Faults, Quirks, SimulatedApi, World
from fuse_otel.simulator.requests import ApiQuery
from fuse_otel.simulator.server import Server
from support.rigs.long_run.back_end import BackEnd
from support.rigs.long_run.comparison import compare
from support.rigs.long_run.shared_clock import SharedClock
from support.rigs.long_run.spell import Spell


class Sky(Faults):
    """The faults of the moment follow the simulated time."""

    def __init__(self, weather: Sequence[Spell], clock: Callable[[], float]) -> None:
        super().__init__()
        self._spells = [(spell, Fault.parsed(spell.kind)) for spell in weather]
        self._clock = clock
        self._now: list[Fault] = []

    def draw(self, query: ApiQuery) -> tuple[float, Fault | None]:
        now = self._clock()
        faults = [fault for spell, fault in self._spells if spell.on(now)]
        if faults != self._now:
            self._now = faults
            self.replace(faults)
        return super().draw(query)


def serve(told: Mapping[str, Any]) -> None:
    clock = SharedClock(Path(told["clock"]))
    weather = [Spell(*spell) for spell in told["weather"]]
    world = World(told["seed"], told["rate"], told["past"], told["start"])
    sky = Sky([spell for spell in weather if spell.place == "api"], clock)
    lanes = [spell for spell in weather if spell.place != "api"]
    back_end = BackEnd(lanes, clock, told["most_bytes"])
    server = Server(("127.0.0.1", 0), back_end.respond, clock)
    with ExitStack() as stack:
        port = stack.enter_context(server.running())
        quirks = Quirks.parsed(told["quirks"])
        api = stack.enter_context(SimulatedApi(world, quirks=quirks, faults=sky, clock=clock))
        _tell({"api": api.url, "back_end": f"http://127.0.0.1:{port}"})
        for line in sys.stdin:
            question = json.loads(line)
            _tell(
                compare(world, back_end, **question) | {"api_requests": sum(api.requests.values())}
            )


def _tell(answer: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve(json.loads(sys.stdin.readline()))
