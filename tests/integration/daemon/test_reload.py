"""What a reload keeps, and what it must not keep."""

import argparse
import gc
import re
import socket
import weakref
from contextlib import closing
from threading import Thread

import pytest
from support import http_client
from support.builders.loaded_settings import settings
from support.builders.recent_world import recent_world
from support.builders.store_values import step
from support.fakes.otlp_receiver import OtlpReceiver
from support.rigs.postgres_cluster import cluster
from support.rigs.program import pointed_at
from support.rigs.web_site import recent_call

from fuse_otel.assembly.workers import Workers
from fuse_otel.cli.commands import run
from fuse_otel.cli.signals import Signals
from fuse_otel.events import unheard
from fuse_otel.simulator.simulated_api import SimulatedApi


@pytest.fixture(autouse=True)
def collector_of_pytest():
    """``run`` changes the garbage collector of its process, which is pytest's here."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.fixture
def environ(tmp_path, monkeypatch):
    """The settings of a daemon between an account and a back end, which this process has too."""
    with SimulatedApi(recent_world(seed=1, rate=0.1, past=600)) as api, OtlpReceiver() as receiver:
        made = pointed_at(api, tmp_path, receiver.url)
        for name, text in made.items():
            monkeypatch.setenv(name, text)
        yield made


@pytest.fixture
def listening(capsys):
    """Where the service listens that began last."""
    return lambda: capsys.readouterr().err.split("listen=")[1].split()[0]


class Reloads(Signals):
    """Instead of signals: ``between`` is called before each of ``times`` reloads, and at last."""

    def __init__(self, times, between):
        super().__init__()
        self._left = times
        self._between = between

    def listen(self, *, reloads=False):
        """The signals of this process are pytest's."""

    def wait(self, seconds=0.0):
        self._between()
        self.reloading = self._left > 0
        self.stopping = self._left == 0
        self._left -= 1


@pytest.mark.usefixtures("environ")
def test_a_reload_keeps_the_address_and_nothing_of_the_service_before(listening):
    addresses, services = [], []

    def look():
        services.append(weakref.ref(runner._service.workers))
        address = listening()
        addresses.append(address)
        assert http_client.get(f"http://{address}/-/healthy").status_code == 200

    runner = run.Runner(argparse.Namespace(), Reloads(2, look))
    runner.run()
    runner.stop()
    assert len(set(addresses)) == 1
    assert [service() is None for service in services] == [True, True, False]


def test_a_reload_changes_the_links_of_a_call(environ, monkeypatch, listening):
    hosts = iter(["jaeger", "tempo"])
    pages = []

    def look():
        address = listening()
        pages.append(http_client.get(f"http://{address}/calls/a").text)
        monkeypatch.setenv("FUSE_OTEL_TRACE_URL", f"http://{next(hosts, '')}/{{trace_id}}")

    with closing(Workers(settings(environ), unheard, reading=False)) as workers:
        workers.store.ledger.lease("default").commit(step(recent=[recent_call("a")]))
    runner = run.Runner(argparse.Namespace(), Reloads(2, look))
    runner.run()
    runner.stop()
    shown = [re.findall(r"http://(\w+)/0+1", page) for page in pages]
    assert shown == [[], ["jaeger"], ["tempo"]]


@pytest.mark.usefixtures("environ")
def test_the_first_page_shows_a_failed_reload_until_one_succeeds(monkeypatch, listening):
    failed = "reload of the configuration: FUSE_OTEL_SETTLE"
    shown = []

    def look():
        address = listening()
        shown.append(failed in http_client.get(f"http://{address}/").text)
        if len(shown) == 1:
            monkeypatch.setenv("FUSE_OTEL_SETTLE", "nonsense")
            assert http_client.post(f"http://{address}/-/reload").status_code == 500
            shown.append(failed in http_client.get(f"http://{address}/").text)
            monkeypatch.delenv("FUSE_OTEL_SETTLE")

    runner = run.Runner(argparse.Namespace(), Reloads(1, look))
    runner.run()
    runner.stop()
    assert shown == [False, True, False]


@pytest.mark.slow
@pytest.mark.usefixtures("environ")
def test_after_reloads_with_a_taken_port_the_daemon_answers_on_its_old_address(
    monkeypatch, listening
):
    addresses, answers = [], []

    def look():
        addresses.append(listening())
        answers.append(http_client.get(f"http://{addresses[-1]}/-/healthy").status_code)
        monkeypatch.setenv("FUSE_OTEL_LISTEN", f"127.0.0.1:{taken.getsockname()[1]}")
        monkeypatch.setenv("FUSE_OTEL_SHUTDOWN_GRACE", "77")

    with socket.create_server(("127.0.0.1", 0)) as taken:
        runner = run.Runner(argparse.Namespace(), Reloads(2, look))
        grace = runner.run()
        runner.stop()
    assert answers == [200, 200, 200]
    assert len(set(addresses)) == 1
    assert grace != 77


class Asking(Signals):
    """Instead of signals: ``ask`` runs beside the daemon, which ends after it."""

    def __init__(self, ask):
        super().__init__()
        self._thread = Thread(target=self._run)
        self._ask = ask

    def listen(self, *, reloads=False):
        """The signals of this process are pytest's."""

    def wait(self, seconds=0.0):
        if self._thread.ident is None:
            self._thread.start()
        super().wait(seconds)

    def _run(self):
        try:
            self._ask()
        finally:
            self.stopping = True
            self.wake()


def answered(ask):
    runner = run.Runner(argparse.Namespace(), Asking(ask))
    runner.run()
    runner.stop()


@pytest.mark.usefixtures("environ")
def test_the_answer_to_a_reload_comes_when_the_new_configuration_is_in_use(monkeypatch, listening):
    found = []

    def ask():
        address = listening()
        monkeypatch.setenv("FUSE_OTEL_ALLOWED_HOSTS", "ops.example.com")
        named = {"Host": "ops.example.com"}
        found.append(http_client.get(f"http://{address}/status", headers=named).status_code)
        found.append(http_client.post(f"http://{address}/-/reload").status_code)
        found.append(http_client.get(f"http://{address}/status", headers=named).status_code)

    answered(ask)
    assert found == [403, 200, 200]


@pytest.mark.usefixtures("environ")
def test_a_reload_that_fails_after_the_configuration_was_read_is_no_success(monkeypatch, listening):
    answers = []

    def ask():
        address = listening()
        monkeypatch.setenv("FUSE_OTEL_LISTEN", f"127.0.0.1:{taken.getsockname()[1]}")
        answers.append(http_client.post(f"http://{address}/-/reload"))
        answers.append(http_client.get(f"http://{address}/-/healthy"))

    with socket.create_server(("127.0.0.1", 0)) as taken:
        answered(ask)
    failed, healthy = answers
    assert failed.status_code == 500
    assert failed.text.startswith("Cannot listen on 127.0.0.1:")
    assert healthy.status_code == 200


@pytest.mark.slow
@pytest.mark.usefixtures("environ")
def test_while_a_shared_store_does_not_answer_a_reload_fails_and_the_daemon_goes_on(
    monkeypatch, listening
):
    answers, services = [], []

    def reload():
        services.append(runner._service)
        answers.append(http_client.post(f"http://{address}/-/reload"))
        services.append(runner._service)

    def ask():
        nonlocal address
        address = listening()
        own.stop()
        reload()
        own.start()
        reload()

    address = ""
    with cluster() as own:
        monkeypatch.setenv("FUSE_OTEL_STATE_URL", own.url())
        runner = run.Runner(argparse.Namespace(), Asking(ask))
        runner.run()
        runner.stop()
    failed, done = answers
    assert failed.status_code == 500
    assert "cannot be reached" in failed.text
    assert services[0] is services[1]
    assert done.status_code == 200
    assert services[2] is not services[3]


class WithoutDatabase(Asking):
    """The database fails when the service before the reload has ended, and comes back when the
    daemon has waited once.
    """

    def __init__(self, ask, database, monkeypatch, *, comes_back):
        super().__init__(ask)
        self._database = database
        self._comes_back = comes_back
        self.failed = self.waited = False
        close = run.Runner._close

        def closed(runner, service, **options):
            close(runner, service, **options)
            if not self.failed:
                self.failed = True
                database.stop()

        monkeypatch.setattr(run.Runner, "_close", closed)

    def wait(self, seconds=0.0):
        if self.failed and not self.waited:
            self.waited = True
            if self._comes_back:
                self._database.start()
            else:
                self.stopping = True
        super().wait(seconds)


@pytest.fixture
def database(monkeypatch):
    with cluster() as own:
        monkeypatch.setenv("FUSE_OTEL_STATE_URL", own.url())
        yield own


@pytest.mark.slow
@pytest.mark.usefixtures("environ")
def test_a_shared_store_that_fails_during_a_reload_is_waited_for(monkeypatch, capsys, database):
    answers = []

    def ask():
        address = capsys.readouterr().err.split("listen=")[1].split()[0]
        monkeypatch.setenv("FUSE_OTEL_SETTLE", "77s")
        answers.append(http_client.post(f"http://{address}/-/reload"))
        answers.append(http_client.get(f"http://{address}/-/healthy"))

    signals = WithoutDatabase(ask, database, monkeypatch, comes_back=True)
    runner = run.Runner(argparse.Namespace(), signals)
    runner.run()
    settle = runner._service.settings.settle
    runner.stop()
    failed, healthy = answers
    assert signals.waited
    assert failed.status_code == 500
    assert "cannot be reached" in failed.text
    assert healthy.status_code == 200
    assert settle != 77
    assert "cannot be reached" in capsys.readouterr().err.split("msg=started")[0]


@pytest.mark.slow
@pytest.mark.usefixtures("environ")
def test_a_daemon_that_waits_for_its_shared_store_ends_by_a_signal(
    monkeypatch, listening, database
):
    answers = []

    def ask():
        answers.append(http_client.post(f"http://{listening()}/-/reload"))

    signals = WithoutDatabase(ask, database, monkeypatch, comes_back=False)
    runner = run.Runner(argparse.Namespace(), signals)
    runner.run()
    runner.stop()
    assert signals.waited
    assert runner._service is None
    assert [answer.status_code for answer in answers] == [503]


@pytest.mark.usefixtures("environ")
def test_every_problem_of_a_configuration_is_in_the_answer(monkeypatch, listening):
    answers = []

    def ask():
        address = listening()
        monkeypatch.setenv("FUSE_OTEL_SETTLE", "nonsense")
        monkeypatch.setenv("FUSE_OTEL_GROW", "more")
        answers.append(http_client.post(f"http://{address}/-/reload"))

    answered(ask)
    assert answers[0].status_code == 500
    named = [line.partition(":")[0] for line in answers[0].text.splitlines()]
    assert named == ["FUSE_OTEL_SETTLE", "FUSE_OTEL_GROW"]
