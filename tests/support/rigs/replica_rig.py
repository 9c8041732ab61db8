"""Several daemons on one database, each behind a wire of its own, between an API and a back end
that both misbehave. Daemons are killed, stopped and cut off, and the database is restarted.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Self, TypeVar

import psycopg

from support.fakes.relay import Relay
from support.http_client import get
from support.patience import PATIENCE
from support.rigs.kill_rig import HELD, SETTINGS, KillRig
from support.rigs.postgres_cluster import Cluster
from support.rigs.program import Running, pointed_at, running, started

T = TypeVar("T")
PROGRAM = ("-m", "support.rigs.quick_replica")
TESTS = Path(__file__).parents[2]
_READER = """
select replicas.name from accounts join replicas on replicas.id = owner and is_alive(replicas.id)
"""
_IS_ALIVE = "select exists (select from replicas where name like %s and is_alive(id))"
_WAITING = "select coalesce(sum(value), 0) from counters where name = 'lane_calls'"


@dataclass(frozen=True)
class Replica:
    daemon: Running
    relay: Relay
    stack: ExitStack
    program: Sequence[str]

    @property
    def process(self) -> int:
        return self.daemon.process.pid


class ReplicaRig(KillRig):
    """``events`` counts what was done to the replicas, by kind. ``settings`` are those of every
    replica that starts.
    """

    def __init__(self, number: int, folder: Path, cluster: Cluster, schema: str) -> None:
        super().__init__(number, folder)
        self._cluster = cluster
        self.schema = schema
        self._fate = Random(number)
        self._replicas: list[Replica] = []
        self._count = 0
        self.events: dict[str, int] = {}
        self.settings = dict(SETTINGS)

    def __enter__(self) -> Self:
        super().__enter__()
        self._running.callback(self._close_all)
        return self

    # --- replicas ---

    def start(self, program: Sequence[str] = PROGRAM) -> Replica:
        self._count += 1
        folder = self.folder / str(self._count)
        folder.mkdir()
        with ExitStack() as stack:
            relay = stack.enter_context(Relay(self._cluster.port))
            port = int(relay.url.rpartition(":")[2])
            url = self._cluster.url_by(port, self.schema)
            env = self.environment(folder, url) | {"PYTHONPATH": str(TESTS)}
            daemon = stack.enter_context(running(env=env, folder=folder, program=program))
            replica = Replica(daemon, relay, stack.pop_all(), program)
        self._replicas.append(replica)
        daemon.wait_for(lambda: "msg=started" in daemon.log)
        return replica

    def environment(self, folder: Path, url: str) -> dict[str, str]:
        return pointed_at(
            self.api, folder, self.receiver.url, FUSE_OTEL_STATE_URL=url, **self.settings
        )

    @contextmanager
    def command(self, *words: str) -> Iterator[Running]:
        """On the replicas' store, with its own connection to the database."""
        folder = self.folder / "-".join(words[:2])
        folder.mkdir()
        env = self.environment(folder, self.url)
        with started(*words, env=env, folder=folder) as program:
            yield program

    def end(self, replica: Replica) -> None:
        """As an update ends it."""
        assert replica.daemon.end() == 0, replica.daemon.log
        replica.stack.close()
        self._replicas.remove(replica)

    def logs(self) -> str:
        return "".join(log.read_text() for log in sorted(self.folder.glob("*/daemon.log")))

    def _close_all(self) -> None:
        for replica in self._replicas:
            replica.stack.close()

    # --- what happens to them ---

    def suffer(self, events: int) -> None:
        """Each kind in turn, and the reader of the account each second time."""
        kinds = (self.kill, self.stop, self.cut, self.mute, self.restart_database)
        for place in range(events):
            time.sleep(self._fate.random())
            kind = kinds[place % len(kinds)]
            kind(self._victim(reads=place // len(kinds) % 2 == 0))
            self.events[kind.__name__] = self.events.get(kind.__name__, 0) + 1

    def _victim(self, *, reads: bool) -> Replica:
        if not reads:
            return self._fate.choice(self._replicas)
        by_process = {replica.process: replica for replica in self._replicas}
        self.wait(lambda: self.reader() in by_process)
        return by_process.get(self.reader()) or self._replicas[0]

    def kill(self, victim: Replica) -> None:
        """``kill -9``; another one is started in its place."""
        os.kill(victim.process, signal.SIGKILL)
        victim.stack.close()
        self._replicas.remove(victim)
        self._taken_over(victim)
        self.start(victim.program)

    def stop(self, victim: Replica) -> None:
        """Until its leases are another one's. Then it goes on as if nothing had been."""
        os.kill(victim.process, signal.SIGSTOP)
        try:
            self._taken_over(victim)
        finally:
            os.kill(victim.process, signal.SIGCONT)
        self.wait(lambda: self.is_ready(victim))

    def cut(self, victim: Replica) -> None:
        """Its wire to the database carries nothing, and nobody tells it so."""
        victim.relay.cut()
        try:
            self._taken_over(victim)
        finally:
            victim.relay.mend()
        self.wait(lambda: self.is_ready(victim))

    def mute(self, victim: Replica) -> None:
        """The server hears it, and it hears no answer, until it has made new connections."""
        before = victim.relay.opened
        victim.relay.mute()
        self.wait(lambda: victim.relay.opened > before)
        self.wait(lambda: self.is_ready(victim))

    def restart_database(self, _: Replica) -> None:
        """Without a checkpoint, as after a crash of the server."""
        self._cluster.stop("immediate")
        time.sleep(self._fate.random())
        self._cluster.start()

    def _taken_over(self, victim: Replica) -> None:
        self.wait(lambda: not self.is_alive(victim))
        self.wait(lambda: self.reader() not in {0, victim.process})

    # --- the end ---

    def behave(self) -> None:
        """The API and the back end fail no more."""
        self.api.faults.clear()
        self._bad = False

    def wait_for_more(self) -> None:
        """Until calls are delivered that were not there before."""
        before = len(self._traced)
        self.wait(lambda: len(self._traced) > before)

    def recover(self) -> set[str]:
        """All sides behave again: run until all is delivered. Returns the calls that must be."""
        wanted = self.wanted(time.time() - HELD)
        self.behave()
        self.wait(lambda: wanted.keys() <= self._traced and not self.query(_WAITING))
        for replica in self._replicas:
            assert replica.daemon.end() == 0, replica.daemon.log
        return set(wanted)

    def wait(self, condition: Callable[[], T]) -> T:
        """Its first true result."""
        end = time.monotonic() + PATIENCE
        while not (found := condition()):
            assert time.monotonic() < end, self.logs()[-5_000:]
            for replica in self._replicas:
                assert replica.daemon.process.poll() is None, replica.daemon.log
            time.sleep(0.1)
        return found

    # --- the database ---

    def reader(self) -> int:
        """The process that reads the account, 0 for none."""
        name = self.query(_READER)
        return int(str(name).rpartition(" ")[2]) if name else 0

    def of_process(self, process: int) -> Replica:
        return next(each for each in self._replicas if each.process == process)

    def is_ready(self, replica: Replica) -> bool:
        """It comes and goes with a back end that misbehaves: one lane must work."""
        return get(f"{replica.daemon.url}/-/ready").is_success

    def problems(self, replica: Replica) -> str:
        """What its readiness tells, empty while it is ready."""
        answer = get(f"{replica.daemon.url}/-/ready")
        return "" if answer.is_success else answer.text

    def is_alive(self, replica: Replica) -> bool:
        return bool(self.query(_IS_ALIVE, f"% process {replica.process}"))

    @property
    def url(self) -> str:
        return self._cluster.url(self.schema)

    def query(self, query: str, *values: object) -> Any:
        with psycopg.connect(self.url, autocommit=True) as connection:
            row = connection.execute(query, values).fetchone()  # type: ignore[arg-type]
        return row[0] if row else None
