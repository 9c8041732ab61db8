"""The daemon as a service: works, loops, log, metrics, pages."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fuse_otel import __version__
from fuse_otel.assembly.recovery import begin_works
from fuse_otel.assembly.workers import conditions, lanes
from fuse_otel.daemon import Daemon
from fuse_otel.events import Emit, Event, StoreFailed, unheard
from fuse_otel.instrumentation import fan_out
from fuse_otel.instrumentation.log import Log, route_libraries
from fuse_otel.ports import Status
from fuse_otel.web import PageContext

if TYPE_CHECKING:
    from fuse_otel.config.settings import Settings
    from fuse_otel.instrumentation.metrics import Metrics
    from fuse_otel.instrumentation.self_traces import SelfTraces
    from fuse_otel.web.server import WebServer
    from fuse_otel.web.sockets import ListeningSockets

Reload = Callable[[], str | None]
Damaged = Callable[[str], None]
"""Is told, with a sentence, that the store turned out to be damaged."""


class Service:
    """Built from settings, started once, stopped once.

    ``metrics`` outlives services, so that a reload resets no counter; so does ``listening``, so
    that it refuses no connection.
    """

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        reload: Reload,
        damaged: Damaged | None = None,
        *,
        listening: ListeningSockets,
    ) -> None:
        self.settings = settings
        self._metrics = metrics
        self.log = Log(sys.stderr, settings.log_level, settings.log_format)
        self._self_traces = _self_traces(settings)
        self.conditions = conditions(settings)
        self._damaged = damaged
        # The works are built before the daemon that wakes them.
        self._wake: Emit = unheard
        told: list[Emit] = [metrics, self.log, self.conditions, self._notice]
        if self._self_traces is not None:
            told.append(self._self_traces)
        self.emit = fan_out(*told)
        self.works = begin_works(settings, self.emit, standing=self.conditions.states)
        self._daemon = Daemon(
            self.works.pollers, self.works.shippers, self.works.clerk, self.emit, time.time
        )
        self._wake = self._daemon.notice
        names = (account.name for account in settings.accounts)
        metrics.begin(names, lanes(settings), self._daemon.loops)
        self._web = self._make_web(reload, listening)
        self._undo_routing = route_libraries(self.log)

    def status(self) -> Status:
        return self.works.store.control.status()

    def start(self) -> tuple[str, int]:
        """Answers where the pages are. Raises ``CannotListen``."""
        try:
            address = self._web.start()
        except BaseException:
            self.works.close()
            raise
        self._daemon.start()
        return address

    def stop(self, *, drain: bool = True) -> bool:
        """Drain within the grace; what is left is in the store. Whether all threads have ended."""
        end = time.monotonic() + self.settings.shutdown_grace
        ended = self._daemon.stop(self.settings.shutdown_grace, drain=drain)
        self._web.stop(max(0.5, end - time.monotonic()))
        if self._self_traces is not None:
            self._self_traces.close(max(0.5, end - time.monotonic()))
        if ended:
            # A thread that is still in a request would meet a closed store: the process's end
            # closes it then, which is as safe.
            self.works.close()
        self.log.close()
        self._undo_routing()
        return ended

    def _notice(self, event: Event) -> None:
        self._wake(event)
        if self._damaged and isinstance(event, StoreFailed) and event.error_type == "corrupt":
            self._damaged(event.message)

    def _make_web(self, reload: Reload, listening: ListeningSockets) -> WebServer:
        from fuse_otel.web.app import create_app  # noqa: PLC0415 - starlette takes a while
        from fuse_otel.web.server import WebServer  # noqa: PLC0415 - so does uvicorn

        token = self.settings.hook_token
        site = PageContext(
            control=self.works.store.control,
            metrics=self._metrics.render,
            health=self._daemon.hung,
            readiness=self._unready,
            reload=reload,
            version=__version__,
            hook=self._daemon.poke if token else None,
            hook_token=token.get_secret_value() if token else None,
            emit=self.emit,
        )
        return WebServer(create_app(site), listening, *self.settings.listen)

    def _unready(self) -> Sequence[str]:
        return self.conditions.unready()


def _self_traces(settings: Settings) -> SelfTraces | None:
    if not settings.self_traces:
        return None
    from fuse_otel.instrumentation.self_traces import SelfTraces  # noqa: PLC0415 - the SDK

    return SelfTraces(protocol=settings.self_traces_protocol)
