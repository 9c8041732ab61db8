"""How the daemon ends: within the grace, whatever hangs; and how it goes on afterwards."""

import base64
import json
import signal
import subprocess
import sys
import time

import pytest
from support.builders.recent_world import recent_world
from support.fakes.otlp_answer import Answer
from support.fakes.otlp_protocols import BOTH
from support.fakes.otlp_receiver import OtlpReceiver
from support.fakes.raw_http import RawServer, answer
from support.rigs.program import PATIENCE, environment, fuse_otel, pointed_at, running

from fuse_otel.simulator.faults import Fault, FaultKind, Faults
from fuse_otel.simulator.simulated_api import SimulatedApi

HOUR = 3600
LONG = 600.0  # seconds that nobody waits for
GIVEN_UP = 55.0  # seconds: before the daemon gives a request to the API up by itself
QUICK = {
    "FUSE_OTEL_POLL_INTERVAL": "1s",
    "FUSE_OTEL_SETTLE": "1s",
    "FUSE_OTEL_GROW": "0",
    "FUSE_OTEL_SINCE": "30m",
    "FUSE_OTEL_SHUTDOWN_GRACE": "1s",
}


def world(rate=0.05):
    return recent_world(seed=5, rate=rate, past=HOUR)


def calls(api, start, end):
    return {call.session_id for call in api.truth(start, end) if start <= call.start <= end}


def hanging(endpoint):
    hangs = Fault(FaultKind.LATENCY, endpoint=endpoint, seconds=LONG)
    return Faults([hangs, Fault(FaultKind.ERROR, endpoint="all_logs")])


@pytest.mark.slow
@pytest.mark.parametrize("protocol", BOTH.values(), ids=BOTH)
def test_a_back_end_that_never_answers_does_not_outlast_the_grace(tmp_path, protocol):
    """A request is in the middle of the library when the process ends."""
    silent = protocol.troubles["silence"].but(delay=LONG)
    with SimulatedApi(world()) as api, protocol.receiver(decide=lambda _: silent) as receiver:
        settings = QUICK | protocol.settings | {"OTEL_EXPORTER_OTLP_TIMEOUT": "600000"}
        env = pointed_at(api, tmp_path, receiver.url, **settings)
        with running(env=env, folder=tmp_path) as daemon:
            daemon.wait_for(lambda: len(receiver.requests) == 2)
            assert daemon.end() == 0
        assert "Traceback" not in daemon.log
        assert all(line.startswith("ts=") for line in daemon.log.splitlines()), daemon.log
        receiver.decide = lambda _: None
        receiver.stopping.set()  # the silent ones give their answers up
        assert fuse_otel("once", env=env).returncode == 0
        assert receiver.sessions()


@pytest.mark.slow
@pytest.mark.parametrize("endpoint", ["calls", "call"])
def test_an_api_that_never_answers_does_not_outlast_the_grace(tmp_path, endpoint):
    with (
        SimulatedApi(world(), faults=hanging(endpoint)) as api,
        OtlpReceiver() as receiver,
    ):
        env = pointed_at(api, tmp_path, receiver.url, **QUICK)
        with running(env=env, folder=tmp_path) as daemon:
            daemon.wait_for(lambda: api.requests.get(endpoint))
            assert daemon.end(patience=GIVEN_UP) == 0
        assert "Traceback" not in daemon.log


@pytest.mark.slow
def test_a_reload_does_not_wait_for_an_api_that_never_answers(tmp_path):
    with (
        SimulatedApi(world(), faults=hanging("call")) as api,
        OtlpReceiver() as receiver,
    ):
        env = pointed_at(api, tmp_path, receiver.url, **QUICK)
        with running(env=env, folder=tmp_path) as daemon:
            daemon.wait_for(lambda: api.requests.get("call"))
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_for(lambda: daemon.log.count("listen=") == 2, GIVEN_UP)
            assert daemon.end(patience=GIVEN_UP) == 0


@pytest.mark.slow
def test_what_was_not_sent_within_the_grace_is_sent_after_the_restart(tmp_path):
    now = time.time()
    with SimulatedApi(world()) as api, OtlpReceiver() as receiver:
        receiver.decide = lambda _: Answer(503)
        env = pointed_at(api, tmp_path, receiver.url, **QUICK)
        wanted = calls(api, now - 1200, now - 60)
        with running(env=env, folder=tmp_path) as daemon:
            daemon.wait_for(lambda: "poll done" in daemon.log)
            assert daemon.end() == 0
        assert not receiver.sessions()

        receiver.decide = lambda _: None
        with running(env=env, folder=tmp_path) as daemon:
            daemon.wait_for(lambda: wanted <= receiver.sessions())
            assert daemon.end() == 0
        assert not receiver.duplicates()
    assert wanted


def test_a_log_whose_reader_has_gone_keeps_the_daemon_from_nothing(tmp_path):
    with SimulatedApi(world()) as api, OtlpReceiver() as receiver:
        env = pointed_at(api, tmp_path, receiver.url, **QUICK)
        daemon = subprocess.Popen(
            [sys.executable, "-m", "fuse_otel", "run"], env=env, stderr=subprocess.PIPE, text=True
        )
        try:
            daemon.stderr.readline()
            daemon.stderr.close()
            end = time.monotonic() + PATIENCE
            while not receiver.spans() and time.monotonic() < end:
                time.sleep(0.02)
            assert receiver.spans()
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(PATIENCE) == 0
        finally:
            daemon.kill()
            daemon.wait(PATIENCE)


ACCOUNTS = 50
FEW = 4  # calls of an account: read one by one, so that its threads for details exist


def many_accounts(peer, head):
    """Answers all accounts but the first, which waits for ever."""
    email = base64.b64decode(head.split("Basic ")[1].split()[0]).decode().split(":")[0]
    if email.startswith("0@"):
        peer.hold()
        return
    now = int(time.time())
    if "/calls/" in head.split()[1]:
        calls = [
            {"session_id": f"{email};{n}", "start": now - 99, "end": now - 60, "log": True}
            for n in range(FEW)
        ]
        body = {"calls": calls, "total_calls": FEW}
    else:
        body = []
    peer.send(answer(json.dumps(body).encode()))


@pytest.mark.slow
def test_fifty_accounts_one_hanging_and_a_dead_destination_end_within_the_grace(tmp_path):
    config = tmp_path / "accounts.toml"
    config.write_text(
        "".join(
            f'[[accounts]]\nname = "a{n}"\nemail = "{n}@x.io"\ndeveloper_key = "k"\n'
            for n in range(ACCOUNTS)
        )
    )
    with RawServer(many_accounts) as api, RawServer(lambda peer, _: peer.hold()) as dead:
        env = environment(
            FUSE_OTEL_API_URL=f"{api.url}/api",
            FUSE_OTEL_STATE_URL=f"sqlite:///{tmp_path / 'state.db'}",
            FUSE_OTEL_LISTEN="127.0.0.1:0",
            FUSE_OTEL_SHUTDOWN_GRACE="2s",
            OTEL_EXPORTER_OTLP_ENDPOINT=dead.url,
        )
        with running("--config", str(config), env=env, folder=tmp_path) as daemon:
            daemon.wait_for(lambda: daemon.log.count("poll done") >= ACCOUNTS - 1)
            # One join for each idle thread took 30 s.
            assert daemon.end(patience=28) == 0
        assert "Traceback" not in daemon.log
