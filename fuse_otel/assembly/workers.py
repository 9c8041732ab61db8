"""The pollers, shippers and job worker of a daemon with all they need, not started yet,
and the new store that they get after damage.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from functools import partial
from secrets import token_bytes
from typing import TYPE_CHECKING

from fuse_otel import net
from fuse_otel.assembly import parts
from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.lane import Lane, Rendering
from fuse_otel.core.redaction.compiled_entries import EntryTables
from fuse_otel.core.timing.windows import RETENTION
from fuse_otel.daemon.readiness import Readiness
from fuse_otel.daemon.request_threads import RequestThreads
from fuse_otel.errors import Corrupt
from fuse_otel.events import Emit, StoreMovedAside
from fuse_otel.jobs.replay import ReplayLanes
from fuse_otel.jobs.worker import JobWorker, ReportedStates
from fuse_otel.poller import Poller
from fuse_otel.ports import NumberPosition, Step, Store
from fuse_otel.shipper import Shipper

if TYPE_CHECKING:
    from fuse_otel.config.settings import Account, Settings


_draw = random.SystemRandom().random


class Workers:
    """Store, pollers, shippers and the job worker. Raises ``StoreError`` if the store cannot be
    used; ``Busy`` if another process works on it.

    ``clock`` gives UNIX seconds; afterwards it is the store's, if that is shared: all that steps a
    worker must use it. ``states`` is what the job worker reports to the store; with it,
    lanes that were suspended when the last daemon ended are suspended again at the first refusal.
    Without ``reading`` there are no pollers. ``once``: one thread steps all of them, a step waits
    for its request, and nobody reads metrics of the process. ``close`` closes all that was opened,
    also if building it failed half way.
    """

    def __init__(
        self,
        settings: Settings,
        emit: Emit,
        clock: Callable[[], float] = time.time,
        *,
        states: Callable[[], ReportedStates | None] = lambda: None,
        reading: bool = True,
        once: bool = False,
    ) -> None:
        self._settings = settings
        self._emit = emit
        self._once = once
        self._open = ExitStack()
        self._entries = EntryTables(token_bytes(32))
        # `once` begins a damaged store anew in the same run, so it waits for the check.
        self.store: Store = parts.store(
            settings, clock, emit=emit, exports=not once, check_beside=not once
        )
        self._open.callback(self.store.close)
        self.clock = self.store.clock(clock)
        try:
            # Taken here, so that a second daemon reports it at once and not from inside its loops.
            self.store.control.lock()
            # The shell of a command may lack the setting: it changes nothing for running replicas.
            self.store.control.limit_recent(
                settings.pages_redaction.looseness, beside=once and self.store.shared
            )
            renderings = parts.renderings(settings)
            accounts = settings.accounts if reading else ()
            self.pollers = [self._poller(account, renderings) for account in accounts]
            self.shippers = self._shippers(self._held_lanes() if states() else ())
            self.job_worker = self._job_worker(renderings, states)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._open.close()

    def _poller(self, account: Account, renderings: Sequence[Rendering]) -> Poller:
        if not self.store.shared:
            self.store.ledger.lease(account.name)
        source = parts.source(account, self._settings, self._emit, self.clock)
        self._open.callback(source.close)
        at_once = self._settings.max_concurrent_requests
        threads = parts.PAGES_AT_ONCE + parts.KINDS_OF_SINGLE_REQUESTS * at_once
        requests = RequestThreads(threads, net.deadline, wait=self._once)
        self._open.callback(requests.close)
        return Poller(
            parts.poller_options(
                # `once` ends when its own accounts are read.
                account,
                self._settings,
                shared=self.store.shared,
                helps=not self._once,
            ),
            source,
            requests,
            self.store.ledger,
            Renderer(parts.model_options(self._settings, account), renderings, self._entries),
            self._emit,
            _draw,
        )

    def _job_worker(
        self, renderings: Sequence[Rendering], states: Callable[[], ReportedStates | None]
    ) -> JobWorker:
        return JobWorker(
            self.store.control,
            {account.name: account.numbers for account in self._settings.accounts},
            ReplayLanes.of(renderings, self._settings.loki_stream_attribute),
            self._emit,
            _draw,
            states,
            shared=self.store.shared,
        )

    def _held_lanes(self) -> Collection[Lane]:
        lanes = self.store.control.status().lanes
        return {each.lane for each in lanes if each.reported.state == "held"}

    def _shippers(self, doubted: Collection[Lane]) -> list[Shipper]:
        shippers = []
        for settings in self._settings.destinations:
            destination = parts.destination(settings, self.clock)
            self._open.callback(destination.close)
            for signal in settings.signals:
                lane = Lane(settings.name, signal)
                profile = self._settings.flavour_of(settings, signal)
                options = parts.shipper_options(self._settings, profile, doubted=lane in doubted)
                shipper = Shipper(lane, self.store.outbox, destination, self._emit, _draw, options)
                shippers.append(shipper)
        return shippers


def lanes(settings: Settings) -> Sequence[Lane]:
    return [Lane(d.name, signal) for d in settings.destinations for signal in d.signals]


def readiness(settings: Settings) -> Readiness:
    return Readiness([account.name for account in settings.accounts], lanes(settings))


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
