"""Which accounts and lanes work, and why others do not. A subscriber of events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock

from fuse_otel.core.model.lane import Lane
from fuse_otel.daemon.problems import failure_after
from fuse_otel.events import (
    AccountMoved,
    AccountStandby,
    Event,
    LaneChanged,
    LanePaused,
    StoreFailed,
)
from fuse_otel.ports import ReportedState


class Readiness:
    """Everything counts as working until its first failure. A paused lane is no failure, whatever
    its destination does.
    """

    def __init__(self, accounts: Sequence[str], lanes: Sequence[Lane]) -> None:
        self._accounts: dict[str, str] = dict.fromkeys(accounts, "")
        self._lanes: dict[Lane, str] = dict.fromkeys(lanes, "")
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
                case AccountStandby():
                    self._accounts[event.account] = ""
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
        """Empty while the store, at least one account and at least one lane that is not paused
        work.
        """
        with self._lock:
            blocked = self._store is not None or _all(self._accounts) or _all(self._in_use())
        return self.problems() if blocked else []


def _state(why: str, otherwise: str = "down") -> ReportedState:
    return ReportedState(otherwise, why) if why else ReportedState("up")


def _all(reasons: Mapping[str, str] | Mapping[Lane, str]) -> bool:
    return bool(reasons) and all(reasons.values())
