"""A simulated Fuse account whose calls are all over, so the expected calls are exact."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from fuse_otel.simulator.call import SimulatedCall
from fuse_otel.simulator.quirks import Quirks
from fuse_otel.simulator.simulated_api import SimulatedApi
from support.builders.recent_world import ended_world
from support.peers.expected import ExpectedCall, expected_calls
from support.rigs.program import fuse_otel, pointed_at

HOUR = 3600.0
HELD = 20.0  # seconds, and more than a call that was hung up is held for more entries
_WAITING = re.compile(r"calls? (?:is|are) held|calls? waits? for a log")


class Account:
    """``name`` is the environment and the namespace of its calls: back ends that are shared keep
    the calls of two accounts apart by it, and the same simulated call is another trace.
    """

    def __init__(self, api: SimulatedApi, name: str, folder: Path, until: float) -> None:
        self.api = api
        self.name = name
        self.folder = folder
        self.until = until

    def settings(self, endpoint: str, **more: str) -> dict[str, str]:
        """The environment of a daemon that reads the whole account at once."""
        usual = {
            "FUSE_OTEL_ENVIRONMENT": self.name,
            "FUSE_OTEL_NAMESPACE": self.name,
            "FUSE_OTEL_SETTLE": "0",
            "FUSE_OTEL_GROW": "0",
            "FUSE_OTEL_MAX_REQUESTS_PER_SECOND": "100",  # the simulator needs no mercy
        }
        return pointed_at(self.api, self.folder, endpoint, **{**usual, **more})

    def deliver(self, endpoint: str, **more: str) -> None:
        """Deliver all calls with ``fuse-otel once``."""
        self.deliver_with(self.settings(endpoint, **more))

    def deliver_with(self, settings: Mapping[str, str]) -> None:
        ended = fuse_otel("once", "--timeout", "150", env=settings, patience=200)
        assert ended.returncode == 0, ended.stderr
        if not self.api.quirks.lost_logs:
            assert not _WAITING.search(ended.stderr), ended.stderr

    def ended_since(self, then: float) -> list[SimulatedCall]:
        """The calls with a log that have ended since."""
        return [call for call in self.api.truth(then, time.time()) if call.log]

    def expected(self) -> Mapping[str, ExpectedCall]:
        """All calls that have ended, by trace id."""
        return expected_calls(self.api, self.api.truth(0, self.until + 1), self.name, self.name)


@contextmanager
def account(
    name: str,
    folder: Path,
    calls: int,
    *,
    seed: int = 5,
    past: float = 0.8 * HOUR,
    quirks: Quirks | None = None,
) -> Iterator[Account]:
    """Some ``calls`` of the ``past`` seconds, each over for longer than a hang-up is held.

    Its clock runs: by one that stood still, a call that was hung up at the end was held for ever,
    and after a minute the API's clock differed from the daemon's.
    """
    until = time.time() - HELD
    with SimulatedApi(ended_world(seed, calls / past, past, until), quirks=quirks) as api:
        yield Account(api, name, folder, until)
