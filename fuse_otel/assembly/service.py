"""The daemon as a service: workers, loops, log, metrics, pages, and who may use their port."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from fuse_otel import __version__
from fuse_otel.assembly.preflight import store_warnings
from fuse_otel.assembly.workers import build_workers, lanes, readiness
from fuse_otel.config.catalogue import variable_of
from fuse_otel.daemon.daemon import Daemon
from fuse_otel.daemon.memory import give_back_memory
from fuse_otel.daemon.readiness import Problems
from fuse_otel.errors import ConfigurationError
from fuse_otel.events import Emit, Event, StoreFailed, unheard
from fuse_otel.instrumentation import fan_out
from fuse_otel.instrumentation.label_cap import Caps
from fuse_otel.instrumentation.log import Log, route_libraries
from fuse_otel.ports import Status
from fuse_otel.store import is_missing
from fuse_otel.web.access import Access, CurrentAccess
from fuse_otel.web.call_head import LinkTemplates
from fuse_otel.web.context import PageContext, Reload

if TYPE_CHECKING:
    from fuse_otel.config.settings import Settings
    from fuse_otel.instrumentation.metrics import Metrics
    from fuse_otel.instrumentation.self_traces import SelfTraces
    from fuse_otel.web.server import WebServer
    from fuse_otel.web.sockets import ListeningSockets


_LAST_ANSWERS = 5.0  # seconds at most: on a busy machine a thread may wait for more than one
_STARTING = 30.0  # seconds in which the next service starts: its store may be slow to open
Damaged = Callable[[str], None]
"""Called with a sentence when the store is found to be damaged."""


class Service:
    """Built from settings, started once, stopped once. Building one raises ``StoreError``, and
    ``CannotListen`` before a new store is made.

    ``metrics`` outlives services, so that a reload resets no counter; so does ``listening``, so
    that it refuses no connection.
    """

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        reload: Reload | None,
        damaged: Damaged | None = None,
        *,
        listening: ListeningSockets,
    ) -> None:
        if is_missing(settings.state_url):
            # A daemon that cannot serve its pages leaves no new store behind.
            listening.on(*settings.listen).close()
        self.settings = settings
        self._metrics = metrics
        self.log = Log(sys.stderr, settings.log_level, settings.log_format)
        self._self_traces = _self_traces(settings)
        self.readiness = readiness(settings)
        self._problems = Problems(time.time)
        self._damaged = damaged
        # The workers are built before the daemon that wakes them.
        self._wake: Emit = unheard
        subscribers: list[Emit] = [
            metrics,
            self.log,
            self.readiness,
            self._problems,
            self._notice,
        ]
        if self._self_traces is not None:
            subscribers.append(self._self_traces)
        self.emit = fan_out(*subscribers)
        self.workers = build_workers(settings, self.emit, states=self.readiness.states)
        workers = self.workers
        self._daemon = Daemon(
            workers.pollers, workers.shippers, workers.job_worker, self.emit, workers.clock
        )
        self._wake = self._daemon.notice
        names = (account.name for account in settings.accounts)
        rules = (rule.name for rule in settings.redaction_rules.patterns)
        metrics.begin(names, lanes(settings), self._daemon.loops, rules)
        metrics.limit(Caps(settings.metric_applications, settings.metric_modules), self.emit)
        self._web = self._make_web(reload, listening)
        self._undo_routing = route_libraries(self.log)

    def hung(self) -> list[str]:
        """One sentence for each loop that makes no progress."""
        return self._daemon.hung()

    def status(self) -> Status:
        return self.workers.store.control.status()

    def start(self) -> tuple[str, int]:
        """Returns the host and port of the pages. Raises ``CannotListen``."""
        try:
            address = self._web.start()
        except BaseException:
            self.workers.close()
            raise
        self._daemon.start()
        for warning in store_warnings(self.settings):
            self.log.warning(warning)
        return address

    def stop(self, *, drain: bool = True) -> bool:
        """Drain within the grace; the rest stays in the store. Whether all threads ended."""
        ended = self.release(drain=drain)
        self.end_answers()
        return ended

    def release(self, *, drain: bool = True) -> bool:
        """The same, but the answers to requests for a reload are still to come: they depend on the
        next service. ``end_answers`` is called after them.
        """
        end = time.monotonic() + self.settings.shutdown_grace
        ended = self._daemon.stop(self.settings.shutdown_grace, drain=drain)
        self._web.drain(max(0.5, end - time.monotonic()))
        if self._self_traces is not None:
            self._self_traces.close(max(0.5, end - time.monotonic()))
        if ended:
            self.workers.close()
        else:
            # A thread that is still in a request would find the store closed. The end of the
            # process closes it instead, which is equally safe.
            self.workers.store.leave()
        self.log.close()
        self._undo_routing()
        return ended

    def end_answers(self) -> None:
        """Send the last answers, to those who requested a reload."""
        self._web.stop(_LAST_ANSWERS)

    def _notice(self, event: Event) -> None:
        self._wake(event)
        if self._damaged and isinstance(event, StoreFailed) and event.error_type == "corrupt":
            self._damaged(event.message)

    def _make_web(self, reload: Reload | None, listening: ListeningSockets) -> WebServer:
        from fuse_otel.web.app import create_app  # noqa: PLC0415 - starlette takes a while
        from fuse_otel.web.server import WebServer  # noqa: PLC0415 - so does uvicorn

        token = self.settings.hook_token
        access = current_access(self.settings, self.emit)
        site = PageContext(
            control=self.workers.store.control,
            calls=self.workers.store.calls,
            flows=self.workers.store.flows,
            metrics=self._metrics.render,
            health=self._daemon.hung,
            readiness=self.readiness.unready,
            paused=self.readiness.paused,
            problems=lambda: self._problems.present(self._daemon.next_steps()),
            reload=reload,
            reload_seconds=self.settings.shutdown_grace + _STARTING,
            version=__version__,
            hook=self._daemon.poke if token else None,
            hook_token=token.get_secret_value() if token else None,
            allowed_hosts=self.settings.allowed_hosts,
            access=access,
            links=LinkTemplates(self.settings.trace_url, self.settings.logs_url),
            give_back_memory=give_back_memory,
            emit=self.emit,
            clock=self.workers.clock,
        )
        return WebServer(create_app(site), listening, *self.settings.listen, access)


def _self_traces(settings: Settings) -> SelfTraces | None:
    if not settings.self_traces:
        return None
    from fuse_otel.instrumentation.self_traces import SelfTraces  # noqa: PLC0415 - the SDK

    return SelfTraces(protocol=settings.self_traces_protocol)


def current_access(settings: Settings, emit: Emit) -> CurrentAccess:
    web = settings.web_config
    if web is None:
        return CurrentAccess()
    return CurrentAccess(web, partial(_read_again, settings, web.path), emit)


def _read_again(settings: Settings, path: str) -> Access:
    """Raises ``ConfigurationError`` with all problems of the file."""
    from fuse_otel.config.file.web_config import read_web_config  # noqa: PLC0415 - as in parts
    from fuse_otel.config.problems import WrongValue  # noqa: PLC0415
    from fuse_otel.config.warnings import login_problem  # noqa: PLC0415 - as in parts

    try:
        web = read_web_config(path)
    except ValueError as error:
        problems = error.problems if isinstance(error, WrongValue) else (str(error),)
        name = variable_of("web_config")
        raise ConfigurationError(f"{name}: {each}" for each in problems) from None
    if problem := login_problem(settings.pages_redaction, web):
        raise ConfigurationError([f"{variable_of('pages_redaction')}: {problem}"])
    return web
