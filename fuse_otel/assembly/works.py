"""The loops of a daemon with all they stand on, built and not yet started."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from fuse_otel.assembly import parts
from fuse_otel.core.body import Lane
from fuse_otel.core.rendering import Renderer
from fuse_otel.daemon import Conditions, Gather
from fuse_otel.events import Emit
from fuse_otel.poller import Poller
from fuse_otel.ports import Store
from fuse_otel.shipper import Shipper

if TYPE_CHECKING:
    from fuse_otel.config.settings import Account, Settings

_draw = random.SystemRandom().random


class Works:
    """Store, pollers and shippers. Raises ``StoreError`` when the store cannot be had.

    What was opened is closed by ``close``, also when building it failed half way.
    """

    def __init__(self, settings: Settings, emit: Emit) -> None:
        self._settings = settings
        self._emit = emit
        self._open = ExitStack()
        self.store: Store = parts.store(settings, time.time)
        self._open.callback(self.store.close)
        try:
            renderer = Renderer(parts.model_options(settings), parts.renderings(settings))
            self.pollers = [self._poller(account, renderer) for account in settings.accounts]
            self.shippers = self._shippers()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._open.close()

    def _poller(self, account: Account, renderer: Renderer) -> Poller:
        # Taken here so that a second daemon says so at once, not from inside its loop.
        self.store.ledger.lease(account.name)
        source = parts.source(account, self._settings, self._emit, time.time)
        self._open.callback(source.close)
        gather = Gather(
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

    def _shippers(self) -> list[Shipper]:
        shippers = []
        for settings in self._settings.destinations:
            destination = parts.destination(settings)
            self._open.callback(destination.close)
            shippers += [
                Shipper(
                    Lane(settings.name, signal), self.store.outbox, destination, self._emit, _draw
                )
                for signal in settings.signals
            ]
        return shippers


def lanes(settings: Settings) -> Sequence[Lane]:
    return [Lane(d.name, signal) for d in settings.destinations for signal in d.signals]


def conditions(settings: Settings) -> Conditions:
    return Conditions([account.name for account in settings.accounts], lanes(settings))
