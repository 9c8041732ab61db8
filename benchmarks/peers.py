"""The Fuse API and a back end in a process of their own, so that their CPU is not measured."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from support.rigs.long_run.worlds import WORLDS

from benchmarks.sink import Received, Sink
from fuse_otel.simulator.server import Server
from fuse_otel.simulator.simulated_api import DEVELOPER_KEY, EMAIL, SimulatedApi


@dataclass(frozen=True, slots=True)
class Account:
    """Which calls the API has: see ``World``. ``now`` is the API's time; ``None`` is the real
    one.
    """

    rate: float
    past: float
    world: str = "simulated"
    start: float | None = None
    now: float | None = None
    seed: int = 5


class Peers:
    """The two servers, as this process sees them."""

    email, developer_key = EMAIL, DEVELOPER_KEY

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.url, self.sink_url = pipe.recv()

    def api_requests(self) -> int:
        return int(self._ask("api_requests"))

    def sink_requests(self) -> int:
        return int(self._ask("sink_requests"))

    def received(self) -> Received:
        found = self._ask("received")
        assert isinstance(found, Received)  # noqa: S101 - for the type checker
        return found

    def ended(self, since: float, until: float) -> dict[str, tuple[int, int]]:
        """Session id → end and number of entries that the API shows, of the calls that start at
        ``since`` or later and end before ``until``.
        """
        found: dict[str, tuple[int, int]] = self._ask("ended", since, until)
        return found

    def _ask(self, *question: object) -> Any:  # noqa: ANN401 - the answer to any question
        self._pipe.send(question)
        return self._pipe.recv()


@contextmanager
def peers(account: Account) -> Iterator[Peers]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(account, theirs))
    process.start()
    theirs.close()
    try:
        yield Peers(ours)
    finally:
        process.terminate()
        process.join()
        ours.close()


def _serve(account: Account, pipe: Connection) -> None:
    world = WORLDS[account.world](account.seed, account.rate, account.past, account.start)
    sink = Sink()
    at = account.now
    clock = time.time if at is None else lambda: at
    with ExitStack() as stack:
        api = stack.enter_context(SimulatedApi(world, clock=clock))
        port = stack.enter_context(Server(("127.0.0.1", 0), sink.respond, clock).running())
        pipe.send((api.url, f"http://127.0.0.1:{port}"))
        while True:
            match pipe.recv():
                case ("api_requests",):
                    pipe.send(sum(api.requests.values()))
                case ("sink_requests",):
                    pipe.send(sink.requests)
                case ("received",):
                    pipe.send(sink.received())
                case ("ended", since, until):
                    calls = [c for c in world.ending(since, until) if c.start >= since]
                    pipe.send({c.session_id: (c.end, c.entries if c.log else 0) for c in calls})
