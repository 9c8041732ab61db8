"""A daemon that is killed again and again, between an API and a back end that both misbehave."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from typing import Self

from fuse_otel.simulator.call import SimulatedCall
from fuse_otel.simulator.faults import Fault, FaultKind, Faults
from fuse_otel.simulator.quirks import Bounds, ListOrder, MissingDetail, Quirks, TimeField
from fuse_otel.simulator.simulated_api import SimulatedApi
from support.builders.recent_world import recent_world
from support.fakes.otlp_answer import ACCEPTED, EMPTY_PARTIAL_SUCCESS, HANG_UP, HTML, Answer, text
from support.fakes.otlp_receiver import OtlpReceiver
from support.fakes.otlp_request import Request
from support.rigs.program import Running, pointed_at, running

# (seconds of the past, calls a second): much history that is read in pages, or many live calls.
WORLDS = ((6_600, 0.04), (600, 0.5))
HELD = 20  # seconds: a call that was hung up is held so long
PATIENCE = 240.0
SETTINGS = {
    "FUSE_OTEL_SINCE": "2h",
    "FUSE_OTEL_POLL_INTERVAL": "1s",
    "FUSE_OTEL_SETTLE": "1s",
    "FUSE_OTEL_GROW": "1s",
    "FUSE_OTEL_MAX_REQUESTS_PER_SECOND": "50",
}
# What is listed the same, whatever the API's habits. With the last the logs still grow at the end.
QUIRKS = (
    Quirks(compress=True),
    Quirks(
        filter_by=TimeField.END,
        bounds=Bounds.INCLUSIVE,
        order=ListOrder.OLDEST,
        order_by=TimeField.END,
        page_cap=31,
        duplicate_every=5,
        string_numbers=True,
    ),
    Quirks(
        total_drifts=True,
        all_logs_total=True,
        page_cap=60,
        missing_detail=MissingDetail.ABSENT,
        empty_data_as_list=True,
    ),
    Quirks(running_calls=True, log_delay=1.0, entry_delay=2.0),
)
FAULTS = (
    Fault(FaultKind.LATENCY, probability=0.05, seconds=0.2),
    Fault(FaultKind.ERROR, probability=0.03),
    Fault(FaultKind.ERROR, probability=0.02, status=503),
    Fault(FaultKind.DOWN, probability=0.02),
    Fault(FaultKind.RESET, probability=0.02),
    Fault(FaultKind.CUT, probability=0.02),
    Fault(FaultKind.HTML, probability=0.01),
    Fault(FaultKind.EMPTY, probability=0.01),
    Fault(FaultKind.THROTTLED, probability=0.01, retry_after=1.0),
    Fault(FaultKind.UNAUTHORIZED, probability=0.005),
    Fault(FaultKind.DRIBBLE, probability=0.005, seconds=0.01),
)
# Each with its weight. Some store what they do not acknowledge; none refuses a single call.
ANSWERS: tuple[tuple[float, Answer], ...] = (
    (8, text(503, "try again")),
    (4, text(429, "slow down", Retry_After="1")),
    (4, text(500, "restarting")),
    (2, text(502, "<html>bad gateway</html>", "text/html")),
    (1, HTML.but(keep=False)),
    (6, HANG_UP),
    (8, HANG_UP.but(keep=True)),
    (8, EMPTY_PARTIAL_SUCCESS.but(cut=1, keep=True)),
    (4, EMPTY_PARTIAL_SUCCESS.but(dribble=0.2)),
    (6, ACCEPTED.but(delay=0.4)),
    (45, ACCEPTED),
)
REFUSED = text(400, "one of these is bad")
# (trace id, span id or ``log.record.uid``) → each copy, with its resource and scope.
Copies = dict[tuple[str, str], list[bytes]]


class KillRig:
    """One account, one store, one back end. Everything random follows from ``number``."""

    def __init__(self, number: int, folder: Path) -> None:
        self.number = number
        self.folder = folder
        self._dice = Random(number)
        self._answer_dice = Random(number + 1000)
        self._lock = threading.Lock()
        self._bad = True
        past, rate = WORLDS[number % len(WORLDS)]
        self._world = recent_world(seed=100 + number, rate=rate, past=past)
        self.quirks = QUIRKS[number % len(QUIRKS)]
        self.api = SimulatedApi(self._world, quirks=self.quirks, faults=Faults(FAULTS, seed=number))
        self.receiver = OtlpReceiver(decide=self._answer)
        self._traced: set[str] = set()
        self._running = ExitStack()
        self.kills = 0
        self.at_work = 0
        self.requests = 0
        self.spoilt = 0

    def __enter__(self) -> Self:
        self._running.enter_context(self.api)
        self._running.enter_context(self.receiver)
        self._env = pointed_at(self.api, self.folder, self.receiver.url, **SETTINGS)
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    # --- running ---

    def suffer(self, kills: int) -> None:
        for _ in range(kills):
            before, begun = self._busyness(), self._begun()
            with running(env=self._env, folder=self.folder) as daemon:
                self._live(daemon, begun)
                assert daemon.process.poll() is None, daemon.log
                daemon.process.kill()
            self.kills += 1
            self.at_work += self._busyness() > before

    def _live(self, daemon: Running, begun: int) -> None:
        """Until any moment: of its start now and then, else of its work."""
        if self._dice.random() < 0.15:
            time.sleep(self._dice.random())
            return
        daemon.wait_for(lambda: self._begun() > begun)
        time.sleep(self._dice.random() * 2.5)

    def _begun(self) -> int:
        """How often a daemon of this rig came so far."""
        log = self.folder / "daemon.log"
        return log.read_text().count("msg=started") if log.exists() else 0

    def _busyness(self) -> int:
        return sum(self.api.requests.values())

    def recover(self) -> set[str]:
        """Both sides behave again: run until all is delivered. Returns the calls that must be."""
        ended = time.time() - HELD
        wanted = self.wanted(ended)
        self.api.faults.clear()
        self._bad = False
        begun = self._begun()
        with running(env=self._env, folder=self.folder) as daemon:
            # All may be there already, and a signal before it listens to any would kill it.
            daemon.wait_for(lambda: self._begun() > begun)
            deadline = time.monotonic() + PATIENCE
            while not (wanted.keys() <= self._traced and self._drained()):
                assert time.monotonic() < deadline, self._missing(wanted, daemon)
                assert daemon.process.poll() is None, daemon.log
                time.sleep(0.2)
            assert daemon.end() == 0
        assert "Traceback" not in daemon.log
        return set(wanted)

    @property
    def traced(self) -> set[str]:
        """The session ids of which the back end has taken a trace."""
        with self._lock:
            return set(self._traced)

    def wanted(self, until: float) -> dict[str, SimulatedCall]:
        return {call.session_id: call for call in self.api.truth(0, until)}

    def begun(self) -> dict[str, SimulatedCall]:
        """Every call there is, running ones too."""
        return {call.session_id: call for call in self._world.starting(0, time.time())}

    def _missing(self, wanted: dict[str, SimulatedCall], daemon: Running) -> str:
        missing = wanted.keys() - self._traced
        return f"{len(missing)} of {len(wanted)} calls are missing: {daemon.log[-5000:]}"

    def _drained(self) -> bool:
        """Nothing that must be there waits in a lane any more."""
        with closing(sqlite3.connect(self.folder / "state.db")) as store:
            (waiting,) = store.execute("select sum(calls) from lanes").fetchone()
        return not waiting

    # --- the back end ---

    def _answer(self, request: Request) -> Answer | None:
        answer = self._bad_answer(request) if self._bad else ACCEPTED
        with self._lock:
            self.requests += 1
            self.spoilt += answer is not ACCEPTED
            if answer.keeps and "traces" in request.path:
                self._traced.update(request.sessions)
        return answer

    def _bad_answer(self, request: Request) -> Answer:
        with self._lock:
            if len(request.sessions) > 1 and self._answer_dice.random() < 0.1:
                return REFUSED
            weights, answers = zip(*ANSWERS, strict=True)
            return self._answer_dice.choices(answers, weights)[0]

    # --- what it holds ---

    def copies(self) -> Copies:
        return copies_of(self.receiver.requests)


def copies_of(requests: Iterable[Request]) -> Copies:
    """Of what was kept."""
    found: Copies = defaultdict(list)
    for request in requests:
        if request.kept:
            for key, copy in zip(request.keys, _alone(request), strict=True):
                found[key].append(copy)
    return found


def _alone(request: Request) -> list[bytes]:
    """Each span or log record of a request as bytes, with the resource and scope it came with."""
    found = []
    message = request.message
    groups = getattr(message, "resource_spans", None) or getattr(message, "resource_logs", ())
    for group in groups:
        around = group.resource.SerializeToString(deterministic=True)
        for scope in getattr(group, "scope_spans", None) or group.scope_logs:
            head = around + scope.scope.SerializeToString(deterministic=True)
            each = getattr(scope, "spans", None) or scope.log_records
            found += [head + one.SerializeToString(deterministic=True) for one in each]
    return found
