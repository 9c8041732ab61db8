"""Work off all that is due, in one thread, and end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fuse_otel.orders import Clerk
from fuse_otel.poller import Poller
from fuse_otel.shipper import Shipper

GIVE_UP_AFTER = (
    3  # failed requests in a row: a program that runs once does not wait for better days
)

_SOME = "some requests fail again and again, others are answered"


@dataclass(frozen=True, slots=True)
class Ended:
    """``problems``: why not all that was due is done, a sentence each. ``waiting`` calls are due
    later: their logs may still grow.
    """

    problems: tuple[str, ...]
    waiting: int


@dataclass(frozen=True, slots=True)
class Crew:
    """Whose steps are made, the clerk's first: what it begins is due for the others then."""

    clerk: Clerk
    pollers: Sequence[Poller]
    shippers: Sequence[Shipper]

    @property
    def idle(self) -> bool:
        """Whether nothing is due, orders apart."""
        return all(p.state().idle for p in self.pollers) and all(s.idle for s in self.shippers)

    def step(self, clock: Callable[[], float]) -> float:
        """When the first of them wants to step again."""
        pollers, shippers = (p.step for p in self.pollers), (s.step for s in self.shippers)
        return min(step(clock()) for step in (self.clerk.step, *pollers, *shippers))


def work_off(
    crew: Crew,
    *,
    timeout: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    ordered: Callable[[], bool] | None = None,
    halt: Callable[[], Sequence[str]] = tuple,
) -> Ended:
    """Step all of them until nothing is due and what was ordered is done, something is hopeless,
    or ``timeout`` is over.

    ``ordered``: whether the orders that count are done, all of them if absent. ``halt`` is asked
    after each round for reasons to end.
    """
    end = clock() + timeout
    problems: list[str] = []
    while not problems:
        now = clock()
        wake = crew.step(clock)
        problems = [*_hopeless(crew.pollers), *halt()]
        carried_out = crew.clerk.idle if ordered is None else ordered()
        if carried_out and crew.idle:
            break
        if clock() >= end and not problems:
            problems = [f"Not all was done within {timeout:g} s; a later run goes on from there."]
        if not problems:
            sleep(max(0.0, min(wake, end) - max(now, clock())))
    waiting = sum(poller.state().waiting for poller in crew.pollers)
    return Ended((*problems, *_unread(crew.pollers)), waiting)


def _hopeless(pollers: Sequence[Poller]) -> list[str]:
    found = []
    for poller in pollers:
        state = poller.state()
        if state.unauthorized or state.failures >= GIVE_UP_AFTER:
            found.append(f"account {poller.account}: {state.error or _SOME}")
    return found


def _unread(pollers: Sequence[Poller]) -> list[str]:
    """Intervals that answered with errors stay as gaps when all else is done."""
    return [
        f"account {poller.account}: {poller.state().gaps} intervals could not be read."
        for poller in pollers
        if poller.state().idle and poller.state().gaps
    ]
