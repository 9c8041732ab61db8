"""Which accounts and lanes work, why others do not, and since when. Two subscribers of events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Lock

from msgspec.structs import replace

from fuse_otel.core.model.lane import Lane, LoopName
from fuse_otel.events import (
    AccountMoved,
    AccountStandby,
    CallsDelivered,
    CallsStored,
    ConfigReloaded,
    Event,
    ExportDone,
    LaneChanged,
    LanePaused,
    PollDone,
    StoreFailed,
)
from fuse_otel.ports import ReportedState
from fuse_otel.views.problems import Problem

_STORE, _RELOAD = "store", "reload of the configuration"


class Problems:
    """``clock`` gives UNIX seconds. A reload of the configuration begins anew."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._found: dict[str, Problem] = {}
        self._paused: set[str] = set()
        self._store: StoreFailed | None = None
        self._lock = Lock()

    def __call__(self, event: Event) -> None:
        with self._lock:
            match event:
                case AccountMoved():
                    name = LoopName("account", event.account)
                    self._note(str(name), "" if event.up else event.reason)
                case AccountStandby():
                    self._note(str(LoopName("account", event.account)), "")
                    self._hear_store(event)
                case LaneChanged():
                    name = LoopName.of_lane(event.lane)
                    self._note(str(name), "" if event.up else event.reason)
                case LanePaused():
                    change = self._paused.discard if event.since is None else self._paused.add
                    change(str(LoopName.of_lane(event.lane)))
                case ExportDone():
                    self._again(str(LoopName.of_lane(event.lane)), event.reason)
                case ConfigReloaded():
                    self._note(_RELOAD, "" if event.successful else event.message)
                case _:
                    self._hear_store(event)

    def _hear_store(self, event: Event) -> None:
        self._store = failure_after(event, self._store)
        self._note(_STORE, self._store.message if self._store else "")

    def _note(self, what: str, error: str) -> None:
        if not error:
            self._found.pop(what, None)
            return
        known = self._found.get(what)
        self._found[what] = Problem(what, known.since if known else self._clock(), error)

    def _again(self, what: str, error: str) -> None:
        """A known problem goes on with another error. An error alone is not yet a problem."""
        if error and what in self._found:
            self._found[what] = replace(self._found[what], error=error)

    def present(self, next_steps: Mapping[LoopName, float]) -> Sequence[Problem]:
        """The oldest first, without paused lanes. ``next_steps``: when each loop steps again, UNIX
        seconds.
        """
        times = {str(name): at for name, at in next_steps.items()}
        with self._lock:
            shown = (each for each in self._found.values() if each.what not in self._paused)
            found = sorted(shown, key=lambda each: each.since)
        return [replace(each, next_try=times.get(each.what)) for each in found]


# A full store, or one that another daemon reads for, still takes what became of delivered calls.
_ONLY_FOR_READING = frozenset({"full", "lease_lost"})


def failure_after(event: Event, failure: StoreFailed | None) -> StoreFailed | None:
    """What does not work after an event, if ``failure`` did not work before it: a commit shows
    that the store works again, and so does its answer that another replica reads an account.
    """
    match event:
        case StoreFailed():
            return event
        case CallsStored() | PollDone():
            return None
        case CallsDelivered() | AccountStandby() if (
            failure and failure.error_type not in _ONLY_FOR_READING
        ):
            return None
        case _:
            return failure


class Readiness:
    """Everything counts as working until its first failure. A paused lane is no failure, whatever
    its destination does.
    """

    def __init__(self, accounts: Sequence[str], lanes: Sequence[Lane]) -> None:
        self._accounts: dict[str, str] = dict.fromkeys(accounts, "")
        self._lanes: dict[Lane, str] = dict.fromkeys(lanes, "")
        self._elsewhere: set[str] = set()  # accounts that another replica reads
        self._suspended: set[Lane] = set()
        self._paused: set[Lane] = set()
        self._store: StoreFailed | None = None
        self._lock = Lock()

    def __call__(self, event: Event) -> None:
        with self._lock:
            self._store = failure_after(event, self._store)
            match event:
                case AccountMoved():
                    self._accounts[event.account] = "" if event.up else event.reason
                    self._elsewhere.discard(event.account)
                case AccountStandby():
                    self._accounts[event.account] = ""
                    self._elsewhere.add(event.account)
                case LaneChanged():
                    self._lanes[event.lane] = "" if event.up else event.reason
                    (self._suspended.add if event.suspended else self._suspended.discard)(
                        event.lane
                    )
                case LanePaused():
                    (self._paused.discard if event.since is None else self._paused.add)(event.lane)
                case _:
                    pass

    def states(self) -> tuple[Mapping[str, ReportedState], Mapping[Lane, ReportedState]]:
        """The state of each account and each lane, as the store keeps it for the commands."""
        with self._lock:
            accounts = {name: _state(why) for name, why in self._accounts.items()}
            lanes = {
                lane: _state(why, "held" if lane in self._suspended else "down")
                for lane, why in self._lanes.items()
            }
            return accounts, lanes

    def problems(self) -> list[str]:
        """One sentence for each part that does not work."""
        with self._lock:
            found = [f"store: {self._store.message}"] if self._store else []
            found += [f"account {name}: {why}" for name, why in self._accounts.items() if why]
            down = self._lanes_down().items()
            return found + [f"lane {lane}: {why}" for lane, why in down]

    def lanes_down(self) -> Mapping[Lane, str]:
        """One sentence for each lane that cannot deliver."""
        with self._lock:
            return self._lanes_down()

    def _lanes_down(self) -> Mapping[Lane, str]:
        return {lane: why for lane, why in self._in_use().items() if why}

    def _in_use(self) -> dict[Lane, str]:
        return {lane: why for lane, why in self._lanes.items() if lane not in self._paused}

    def paused(self) -> list[str]:
        """One sentence for each lane that an operator has paused."""
        with self._lock:
            return [f"lane {lane} is paused." for lane in self._lanes if lane in self._paused]

    def unready(self) -> list[str]:
        """Empty while the store, at least one account that this process holds, and at least one
        lane that is not paused work. It may hold none, if other replicas do.
        """
        with self._lock:
            read = {
                name: why for name, why in self._accounts.items() if name not in self._elsewhere
            }
            blocked = self._store is not None or _all(read) or _all(self._in_use())
        return self.problems() if blocked else []


def _state(why: str, otherwise: str = "down") -> ReportedState:
    return ReportedState(otherwise, why) if why else ReportedState("up")


def _all(reasons: Mapping[str, str] | Mapping[Lane, str]) -> bool:
    return bool(reasons) and all(reasons.values())
