"""Several daemons on one PostgreSQL database: whichever of them dies, every call arrives, and all
copies of it are identical.
"""

import os
import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest
from support.fakes.otlp_receiver import OtlpReceiver
from support.patience import PATIENCE
from support.rigs.kill_rig import _alone as copies_in
from support.rigs.postgres_cluster import Cluster
from support.rigs.program import Running, pointed_at, running

from fuse_otel.simulator import SimulatedApi, World

SETTINGS = {
    "FUSE_OTEL_SINCE": "1h",
    "FUSE_OTEL_POLL_INTERVAL": "1s",
    "FUSE_OTEL_SETTLE": "1s",
    "FUSE_OTEL_GROW": "1s",
    "FUSE_OTEL_MAX_REQUESTS_PER_SECOND": "50",
}


class Replicas:
    def __init__(self, url: str, api: SimulatedApi, receiver: OtlpReceiver, folder, stack) -> None:
        self.url, self.api, self.receiver = url, api, receiver
        self._folder, self._stack = folder, stack
        self._count = 0

    def start(self) -> Running:
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        env = pointed_at(
            self.api, folder, self.receiver.url, FUSE_OTEL_STATE_URL=self.url, **SETTINGS
        )
        daemon = self._stack.enter_context(running(env=env, folder=folder))
        daemon.wait_for(lambda: "msg=started" in daemon.log)
        return daemon

    def reader(self) -> int:
        """The process that reads the account, 0 for none."""
        query = "select r.name from accounts join replicas as r on r.id = owner and is_alive(r.id)"
        with psycopg.connect(self.url, autocommit=True) as connection:
            row = connection.execute(query).fetchone()
        return int(row[0].rpartition(" ")[2]) if row else 0

    def traced(self) -> set[str]:
        found = [each for each in self.receiver.requests if "traces" in each.path]
        return {session_id for each in found for session_id in each.sessions}


@pytest.fixture
def replicas(postgres: Cluster, tmp_path) -> Iterator[Replicas]:
    with ExitStack() as stack:
        url = stack.enter_context(postgres.store())
        api = stack.enter_context(SimulatedApi(World(seed=7, rate=0.05, past=3_000)))
        receiver = stack.enter_context(OtlpReceiver())
        yield Replicas(url, api, receiver, tmp_path, stack)


def wait(condition) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def ended(api: SimulatedApi) -> set[str]:
    """The calls that have been over for so long that they must be listed."""
    return {call.session_id for call in api.truth(0, time.time() - 20)}


def test_whichever_replica_is_killed_every_call_arrives_identical(replicas):
    daemons = [replicas.start() for _ in range(3)]
    by_process = {daemon.process.pid: daemon for daemon in daemons}
    for killed in (signal.SIGKILL, signal.SIGSTOP):
        wait(lambda: replicas.reader() in by_process)
        reader = replicas.reader()
        os.kill(reader, killed)
        wait(lambda reader=reader: replicas.reader() not in {0, reader})
        if killed == signal.SIGSTOP:
            os.kill(reader, signal.SIGCONT)
    wanted = ended(replicas.api)
    assert wanted
    wait(lambda: wanted <= replicas.traced())
    copies = defaultdict(set)
    for request in replicas.receiver.requests:
        for key, copy in zip(request.keys, copies_in(request), strict=True):
            copies[key].add(copy)
    assert {len(each) for each in copies.values()} == {1}
    for daemon in daemons:
        assert "Traceback" not in daemon.log
        assert "loop failed" not in daemon.log.lower()
