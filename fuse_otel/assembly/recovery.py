"""After damage: the store is moved aside, and a new one begins five days back."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from fuse_otel.assembly.workers import Workers
from fuse_otel.core.timing.windows import RETENTION
from fuse_otel.errors import Corrupt
from fuse_otel.events import Emit, StoreMovedAside
from fuse_otel.jobs.worker import ReportedStates
from fuse_otel.ports import NumberPosition, Step, Store

if TYPE_CHECKING:
    from fuse_otel.config.settings import Settings


def build_workers(
    settings: Settings,
    emit: Emit,
    *,
    states: Callable[[], ReportedStates | None] = lambda: None,
    once: bool = False,
) -> Workers:
    """The workers on their store, or on a new one if that is damaged. Raises ``StoreError``."""
    try:
        return Workers(settings, emit, states=states, once=once)
    except Corrupt:
        _begin_anew(settings, emit)
        return Workers(settings, emit, states=states, once=once)


def _begin_anew(settings: Settings, emit: Emit) -> None:
    from fuse_otel.store import begin_anew  # noqa: PLC0415 - as in parts

    file = begin_anew(
        settings.state_url,
        capacity=settings.max_disk,
        clock=time.time,
        begin=partial(_five_days_back, settings),
    )
    emit(StoreMovedAside(file))


def _five_days_back(settings: Settings, store: Store) -> None:
    """Nothing is known of earlier deliveries: read all that Plum still has, independent of
    ``since``.
    """
    now = int(time.time())
    start = NumberPosition(cursor=now - RETENTION, floor=now - RETENTION)
    for account in settings.accounts:
        positions = dict.fromkeys(account.numbers or ("",), start)
        store.ledger.lease(account.name).commit(Step(at=now, positions=positions))
