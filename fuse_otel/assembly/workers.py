"""The loops of a daemon with all they stand on, built and not yet started."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from fuse_otel.assembly import parts
from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.lane import Lane
from fuse_otel.daemon import DetailPool, Readiness
from fuse_otel.events import Emit
from fuse_otel.jobs import JobWorker
from fuse_otel.jobs.replay import Lanes
from fuse_otel.jobs.worker import Standing
from fuse_otel.poller import Poller
from fuse_otel.ports import Store
from fuse_otel.shipper import Shipper

if TYPE_CHECKING:
    from fuse_otel.config.settings import Account, Settings

_draw = random.SystemRandom().random


class Workers:
    """Store, pollers, shippers and the clerk. Raises ``StoreError`` when the store cannot be had,
    ``Busy`` among them when another process works on it.

    ``clock`` gives UNIX seconds. ``standing`` is what the clerk keeps in the store for commands,
    and for the next who has one: its lanes begin as they stood then. Without ``reading`` there are
    no pollers. What was opened is closed by ``close``, also when
    building it failed half way.
    """

    def __init__(
        self,
        settings: Settings,
        emit: Emit,
        clock: Callable[[], float] = time.time,
        *,
        standing: Callable[[], Standing | None] = lambda: None,
        reading: bool = True,
    ) -> None:
        self._settings = settings
        self._emit = emit
        self._clock = clock
        self._open = ExitStack()
        self.store: Store = parts.store(settings, clock, emit=emit)
        self._open.callback(self.store.close)
        try:
            # Taken here so that a second daemon says so at once, not from inside its loops.
            self.store.control.serve()
            renderer = Renderer(parts.model_options(settings), parts.renderings(settings))
            accounts = settings.accounts if reading else ()
            self.pollers = [self._poller(account, renderer) for account in accounts]
            self.shippers = self._shippers(self._held() if standing() else ())
            self.clerk = self._clerk(renderer, standing)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._open.close()

    def _poller(self, account: Account, renderer: Renderer) -> Poller:
        self.store.ledger.lease(account.name)
        source = parts.source(account, self._settings, self._emit, self._clock)
        self._open.callback(source.close)
        gather = DetailPool(
            source, min(parts.DETAIL_THREADS, self._settings.max_concurrent_requests - 1)
        )
        self._open.callback(gather.close)
        return Poller(
            parts.poller_options(account, self._settings),
            source,
            gather,
            self.store.ledger,
            renderer,
            self._emit,
            _draw,
        )

    def _clerk(self, renderer: Renderer, standing: Callable[[], Standing | None]) -> JobWorker:
        return JobWorker(
            self.store.control,
            {account.name: account.numbers for account in self._settings.accounts},
            Lanes.of(renderer.renderings, self._settings.loki_stream_attribute),
            self._emit,
            _draw,
            standing,
        )

    def _held(self) -> Collection[Lane]:
        lanes = self.store.control.status().lanes
        return {each.lane for each in lanes if each.told.state == "held"}

    def _shippers(self, doubted: Collection[Lane]) -> list[Shipper]:
        shippers = []
        for settings in self._settings.destinations:
            destination = parts.destination(settings)
            self._open.callback(destination.close)
            lanes = [Lane(settings.name, signal) for signal in settings.signals]
            shippers += [
                Shipper(
                    lane,
                    self.store.outbox,
                    destination,
                    self._emit,
                    _draw,
                    parts.shipper_options(self._settings, doubted=lane in doubted),
                )
                for lane in lanes
            ]
        return shippers


def lanes(settings: Settings) -> Sequence[Lane]:
    return [Lane(d.name, signal) for d in settings.destinations for signal in d.signals]


def conditions(settings: Settings) -> Readiness:
    return Readiness([account.name for account in settings.accounts], lanes(settings))
