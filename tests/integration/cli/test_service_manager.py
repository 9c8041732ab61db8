"""What the daemon reports to systemd, over a real socket."""

import os
import re
import signal
import socket
import sys
import time
from argparse import Namespace
from math import inf

import pytest
from support.fakes.otlp_receiver import OtlpReceiver
from support.fakes.service_manager import service_manager
from support.rigs.program import environment, pointed_at, running

from fuse_otel.cli.commands.run import Runner
from fuse_otel.cli.service_manager import ServiceManager
from fuse_otel.cli.signals import Signals
from fuse_otel.simulator.simulated_api import SimulatedApi
from fuse_otel.simulator.world import World

pytestmark = pytest.mark.slow

READY, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"
SECOND = "1000000"


def unexpected(reason):
    raise AssertionError(reason)


@pytest.fixture
def manager():
    with service_manager() as made:
        yield made


@pytest.fixture
def api():
    with SimulatedApi(World(seed=5, rate=0.1, start=time.time())) as made:
        yield made


def test_a_daemon_reports_its_start_its_progress_a_reload_and_its_end(manager, api, tmp_path):
    with OtlpReceiver() as receiver:
        env = pointed_at(api, tmp_path, receiver.url, WATCHDOG_USEC=SECOND, **manager.environ)
        with running(env=env, folder=tmp_path) as daemon:
            assert manager.next() == READY
            assert "started" in daemon.log
            assert [manager.next() for _ in range(2)] == [ALIVE, ALIVE]
            before = time.monotonic_ns() // 1000
            daemon.process.send_signal(signal.SIGHUP)
            report = manager.wait_for("RELOADING=1\n")
            sent = int(re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)", report)[1])
            assert before <= sent <= time.monotonic_ns() // 1000
            assert manager.wait_for(READY)
            assert daemon.end() == 0
        assert manager.end()[-1] == STOPPING


def test_a_reload_that_fails_ends_too(manager, api, tmp_path):
    with OtlpReceiver() as receiver:
        file = tmp_path / "config.toml"
        file.write_text("")
        env = pointed_at(api, tmp_path, receiver.url, **manager.environ)
        with running("--config", str(file), env=env, folder=tmp_path) as daemon:
            assert manager.next() == READY
            file.write_text("no TOML")
            daemon.process.send_signal(signal.SIGHUP)
            assert manager.next().startswith("RELOADING=1\n")
            assert manager.next() == READY
            assert "reload failed" in daemon.log
            # Without a watchdog nothing else was sent.
            assert daemon.end() == 0
        assert manager.end() == [STOPPING]


def test_a_daemon_of_the_tests_does_not_report_to_the_manager_of_the_tests(monkeypatch):
    own = {"NOTIFY_SOCKET": "/run/of-the-tests", "WATCHDOG_USEC": SECOND, "WATCHDOG_PID": "1"}
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    assert own.keys().isdisjoint(environment())


class Service:
    """The part of a service that the reports depend on."""

    def __init__(self):
        self.hangs = []
        self.errors = []
        self.log = self

    def hung(self):
        return self.hangs

    def error(self, message, **fields):
        self.errors.append((message, fields))


def test_a_daemon_with_a_hung_loop_reports_no_progress(manager, monkeypatch):
    for name, value in {"WATCHDOG_USEC": SECOND, **manager.environ}.items():
        monkeypatch.setenv(name, value)
    runner, service = Runner(Namespace(), Signals()), Service()
    service.hangs = ["The loop of jobs hangs."]
    for _ in range(2):
        runner._report_progress(service)
    # Once, however often it is looked at.
    assert service.errors == [("a loop hangs", {"reason": "The loop of jobs hangs."})]
    service.hangs = []
    runner._report_progress(service)
    assert manager.end() == [ALIVE]


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [
        ({"WATCHDOG_USEC": SECOND}, 0.5),
        ({"WATCHDOG_USEC": SECOND, "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": SECOND, "WATCHDOG_PID": str(os.getppid())}, inf),
        ({"WATCHDOG_USEC": "0"}, inf),
        ({"WATCHDOG_USEC": "soon"}, inf),
        ({}, inf),
    ],
)
def test_how_often_the_manager_wants_to_know(manager, settings, seconds):
    made = ServiceManager(settings | manager.environ, unexpected)
    assert made.alive_every == seconds
    made.alive()
    assert manager.end() == ([ALIVE] if seconds < inf else [])


def test_without_a_manager_nothing_is_reported():
    made = ServiceManager({"WATCHDOG_USEC": SECOND}, unexpected)
    for report in (made.ready, made.reloading, made.alive, made.stopping):
        report()
    assert made.alive_every == inf


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has abstract addresses")
def test_an_abstract_address():
    name = f"fuse-otel-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(f"\0{name}")
        ServiceManager({"NOTIFY_SOCKET": f"@{name}"}, unexpected).ready()
        assert receiver.recv(100).decode() == READY


def test_a_manager_that_cannot_be_reached_is_reported_once(tmp_path):
    reasons = []
    environ = {"NOTIFY_SOCKET": str(tmp_path / "none"), "WATCHDOG_USEC": SECOND}
    made = ServiceManager(environ, reasons.append)
    for _ in range(2):
        made.ready()
    assert len(reasons) == 1
    assert "No such file" in reasons[0]


def test_the_daemon_runs_on_if_its_manager_cannot_be_reached(api, tmp_path):
    with OtlpReceiver() as receiver:
        env = pointed_at(api, tmp_path, receiver.url, NOTIFY_SOCKET=str(tmp_path / "none"))
        with running(env=env, folder=tmp_path) as daemon:
            daemon.wait_for(lambda: "the service manager cannot be reached" in daemon.log)
            assert daemon.end() == 0
