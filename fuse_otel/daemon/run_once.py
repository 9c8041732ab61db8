"""Work off all that is due, in one thread, and end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from fuse_otel.core.model.lane import Lane
from fuse_otel.jobs import JobWorker
from fuse_otel.poller import Poller
from fuse_otel.shipper import Shipper

GIVE_UP_AFTER = (
    3  # failed requests in a row: a program that runs once does not wait for better days
)

_SOME = "some requests fail again and again, others are answered"


@dataclass(frozen=True, slots=True)
class RunOnceResult:
    """``problems``: why not all that was due is done, a sentence each. ``waiting`` calls are due
    later: their logs may still grow.
    """

    problems: tuple[str, ...]
    waiting: int


@dataclass(frozen=True, slots=True)
class Crew:
    """Whose steps are made, the clerk's first: what it begins is due for the others then."""

    clerk: JobWorker
    pollers: Sequence[Poller]
    shippers: Sequence[Shipper]

    def step(self, clock: Callable[[], float], end: float) -> float:
        """When the first of them wants to step again. None of them begins after ``end``."""
        pollers, shippers = (p.step for p in self.pollers), (s.step for s in self.shippers)
        steps = (self.clerk.step, *pollers, *shippers)
        return min((step(clock()) for step in steps if clock() < end), default=end)

    def rests(self, hopeless: Collection[str], down: Collection[Lane]) -> bool:
        """Whether nothing is due, apart from these accounts and lanes, and from orders."""
        return all(p.state().idle or p.account in hopeless for p in self.pollers) and all(
            s.idle or s.lane in down for s in self.shippers
        )

    def delivers_nothing(self, down: Collection[Lane]) -> bool:
        return bool(self.shippers) and all(s.lane in down for s in self.shippers)


def work_off(
    crew: Crew,
    *,
    timeout: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    ordered: Callable[[], bool] | None = None,
    down: Callable[[], Mapping[Lane, str]] = dict,
    halt: Callable[[], Sequence[str]] = tuple,
) -> RunOnceResult:
    """Step all of them until nothing is due and what was ordered is done, or ``timeout`` is over.

    No account and no lane keeps another from being worked off: one that is hopeless, or among
    those that are ``down``, is told in the end and not waited for. If no lane works there is
    nothing to wait for. ``ordered``: whether the orders that count are done, all of them if
    absent. ``halt`` is asked after each round for reasons to end at once.
    """
    end = clock() + timeout
    while True:
        now = clock()
        wake = crew.step(clock, end)
        hopeless, lanes = _hopeless(crew.pollers), down()
        problems = list(halt())
        done = crew.clerk.idle if ordered is None else ordered()
        rests = crew.rests(hopeless, lanes) and (done or bool(hopeless))
        if problems or rests or (done and crew.delivers_nothing(lanes)):
            break
        if clock() >= end:
            problems = [f"Not all was done within {timeout:g} s; a later run goes on from there."]
            break
        sleep(max(0.0, min(wake, end) - max(now, clock())))
    problems += [f"account {account}: {why}" for account, why in hopeless.items()]
    problems += [f"lane {lane.destination}/{lane.signal}: {why}" for lane, why in lanes.items()]
    waiting = sum(poller.state().waiting for poller in crew.pollers)
    return RunOnceResult((*problems, *_unread(crew.pollers)), waiting)


def _hopeless(pollers: Sequence[Poller]) -> dict[str, str]:
    """Why, by the account's name."""
    found = {}
    for poller in pollers:
        state = poller.state()
        if state.unauthorized or state.failures >= GIVE_UP_AFTER:
            found[poller.account] = str(state.error or _SOME)
    return found


def _unread(pollers: Sequence[Poller]) -> list[str]:
    """Intervals that answered with errors stay as gaps when all else is done."""
    return [
        f"account {poller.account}: {poller.state().gaps} intervals could not be read."
        for poller in pollers
        if poller.state().idle and poller.state().gaps
    ]
