"""``fuse-otel run``: the daemon."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from typing import TYPE_CHECKING

from fuse_otel.cli.output import end_output
from fuse_otel.cli.reload_requests import ReloadRequest, ReloadRequests, Result, failed
from fuse_otel.cli.service_manager import ServiceManager
from fuse_otel.cli.settings_flags import load_settings
from fuse_otel.cli.signals import Signals, leave_after, leave_if_hung
from fuse_otel.errors import ConfigurationError, Corrupt, FuseOtelError, Stopping, StoreError
from fuse_otel.events import ConfigReloaded, StoreFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fuse_otel.assembly.service import Service
    from fuse_otel.config import Loaded
    from fuse_otel.ports import Status


_NEXT_TRY = 2.0  # seconds
_CLOSING = 1.5  # seconds beyond the grace in which store, pages and log are closed


def arguments(_parser: argparse.ArgumentParser) -> None:
    """Only the settings, which every configured command takes."""


def run(args: argparse.Namespace) -> int:
    signals = Signals()
    signals.listen(reloads=True)  # before the imports, which take a while
    from fuse_otel.daemon.memory import share_one_arena  # noqa: PLC0415 - the whole daemon

    share_one_arena()
    runner = Runner(args, signals)
    grace = runner.run()
    bound = leave_after(grace + _CLOSING, 0)
    runner.stop()
    leave_if_hung(0)
    end_output()  # may hang too
    bound.cancel()
    return 0


def _end_imports() -> None:
    """Import the rest of the daemon, so that the collector can leave it out."""
    import fuse_otel.assembly.service  # noqa: F401, PLC0415 - imports the whole daemon
    from fuse_otel.daemon.memory import collect_rarely  # noqa: PLC0415

    collect_rarely()


class Runner:
    """Runs services one after the other: a reload ends one and begins the next."""

    def __init__(self, args: argparse.Namespace, signals: Signals) -> None:
        from fuse_otel.instrumentation.metrics import Metrics  # noqa: PLC0415 - prometheus_client
        from fuse_otel.web.sockets import ListeningSockets  # noqa: PLC0415 - as above

        self._args = args
        self._signals = signals
        self._manager = ServiceManager(os.environ, self._unreachable)
        self._metrics = Metrics(status=self._status)
        self._listening = ListeningSockets()
        self._service: Service | None = None
        self._reloads = ReloadRequests()
        # Services that have ended, but for the answers to requests for the next reload.
        self._former: list[Service] = []
        self._damage = ""
        self._recovered = False
        self._hung = False

    def run(self) -> float:
        """Until a signal asks for the end. Returns the seconds that ``stop`` may take."""
        loaded = load_settings(self._args)
        if self._stopped():
            return loaded.settings.shutdown_grace
        _end_imports()
        service = self._start(loaded)
        self._manager.ready()
        while not self._signals.stopping:
            self._signals.wait(self._manager.alive_every)
            self._report_progress(service)
            if self._signals.reloading:
                self._signals.reloading = False
                self._reload_by_signal()
            if self._damage and not self._signals.stopping:
                service = self._recover(service, loaded)
            if not self._signals.stopping and (request := self._reloads.take()):
                try:
                    service, loaded = self._replace(service, loaded, request)
                except Stopping:
                    request.refuse()
                    break
                # The parts of a service refer to each other in cycles, with TLS contexts of
                # megabytes, which Python would only collect after some ten reloads.
                gc.collect()
        return loaded.settings.shutdown_grace

    def _stopped(self) -> bool:
        """Whether a signal came during the imports."""
        return self._signals.stopping

    def stop(self) -> None:
        """Deliver what is due, then close everything. The caller bounds the time it takes."""
        self._manager.stopping()
        self._reloads.close()
        self._end_former()
        if self._service is not None:
            self._service.log.info("stopping")
            self._service.stop()
        self._listening.close()

    def _start(self, loaded: Loaded) -> Service:
        from fuse_otel.assembly.service import Service  # noqa: PLC0415 - imports the whole daemon

        service = Service(
            loaded.settings,
            self._metrics,
            self._reload,
            self._damaged,
            listening=self._listening,
        )
        host, port = service.start()
        self._listening.keep_only(*loaded.settings.listen)
        self._service = service
        for warning in loaded.warnings:
            service.log.warning(warning)
        address = loaded.settings.listen._replace(host=host, port=port)
        service.log.info("started", listen=str(address))
        return service

    def _damaged(self, sentence: str) -> None:
        """For any thread."""
        self._damage = sentence
        self._signals.wake()

    def _recover(self, service: Service, loaded: Loaded) -> Service:
        """The same service again, on a new store. Once only: a disk that damages one store after
        the other needs a person. Raises ``Corrupt``.
        """
        self._close(service, drain=False)
        if self._recovered:
            raise Corrupt(self._damage)
        self._recovered, self._damage = True, ""
        self._metrics.forget_states()
        started = self._start(loaded)
        self._end_former()
        return started

    def _close(self, service: Service, *, drain: bool = True) -> None:
        """Afterwards its store is free. A thread that still waits for an answer finds it closed.
        Only the answers to requests for a reload are still to come.
        """
        if not service.release(drain=drain):
            service.workers.close()
        self._former.append(service)
        self._service = None

    def _end_former(self) -> None:
        """A request on one of their pages may still wait for a reload."""
        if not self._reloads.waiting:
            while self._former:
                self._former.pop().end_answers()

    def _replace(
        self, service: Service, loaded: Loaded, request: ReloadRequest
    ) -> tuple[Service, Loaded]:
        """The next service and its settings. If it cannot be started, e.g. because its port is in
        use: the same service again, with the settings ``loaded``. If its shared store does not
        answer, the service goes on. The pages of the old service send the result to those that
        requested the reload. Raises ``Stopping`` if the daemon is to end while neither can start.
        """
        from fuse_otel.assembly.preflight import check_shared_store  # noqa: PLC0415 - as above

        self._manager.reloading()
        try:
            # Without it neither service could start, and all replicas may be reloaded at once.
            check_shared_store(request.following.settings)
        except FuseOtelError as error:
            self._end_reload(service, request, str(error))
            return service, loaded
        self._close(service)
        # Removed accounts and lanes must not keep their gauges.
        self._metrics.forget_states()
        try:
            started, used, problem = self._start(request.following), request.following, ""
        except FuseOtelError as error:
            started, used, problem = self._start_former(loaded), loaded, str(error)
        self._end_reload(started, request, problem)
        return started, used

    def _start_former(self, loaded: Loaded) -> Service:
        """The service of before the reload. Its shared store may have failed since it was checked:
        then the daemon waits for it, as a running service does.
        """
        from fuse_otel.store import is_shared  # noqa: PLC0415 - as above

        while not self._signals.stopping:
            try:
                return self._start(loaded)
            except StoreError as error:
                if not is_shared(loaded.settings.state_url):
                    raise
                self._report_waiting(loaded, error)
            self._signals.wait(min(_NEXT_TRY, self._manager.alive_every))
            self._manager.alive()
        raise Stopping

    def _report_waiting(self, loaded: Loaded, error: StoreError) -> None:
        """No service is there to do it."""
        from fuse_otel.instrumentation.log import Log  # noqa: PLC0415 - as above

        failed_store = StoreFailed.of(error)
        self._metrics(failed_store)
        log = Log(sys.stderr, loaded.settings.log_level, loaded.settings.log_format)
        log(failed_store)
        log.close()

    def _end_reload(self, service: Service, request: ReloadRequest, problem: str) -> None:
        service.emit(ConfigReloaded(successful=not problem, message=problem))
        request.answer(problem)
        self._end_former()
        self._manager.ready()

    def _report_progress(self, service: Service) -> None:
        """A manager that gets no such report restarts the daemon."""
        if hung := service.hung():
            self._warn_of_hang(service, hung)
        else:
            self._hung = False
            self._manager.alive()

    def _warn_of_hang(self, service: Service, hung: Sequence[str]) -> None:
        """Once, for the person who finds a restarted daemon."""
        if not self._hung:
            service.log.error("a loop hangs", reason=" ".join(hung))
        self._hung = True

    def _unreachable(self, reason: str) -> None:
        if self._service is not None:
            self._service.log.warning("the service manager cannot be reached", reason=reason)

    def _reload_by_signal(self) -> None:
        self._manager.reloading()
        if self._reload().done():
            self._manager.ready()

    def _reload(self) -> Result:
        """Read the configuration again. If it is invalid, the present one stays. The result is a
        sentence, or empty when the new configuration is in use. For any thread.
        """
        try:
            following = load_settings(self._args)
        except ConfigurationError as error:
            if self._service is not None:
                self._service.emit(ConfigReloaded(successful=False, message=str(error)))
            return failed(str(error))
        result = self._reloads.add(following)
        self._signals.wake()
        return result

    def _status(self) -> Status | None:
        return None if self._service is None else self._service.status()
