"""What does not work: a sentence each, and since when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from fuse_otel.humanize import duration
from fuse_otel.ports import LaneStatus, ReplicaStatus, ReportedState, Status
from fuse_otel.views.replica_table import alive, states_of_lane
from fuse_otel.views.status_report import HEADROOM_LOW, headroom_of


class Problem(Struct, frozen=True):
    """``what`` does not work since ``since``; ``error`` is the last one. ``next_try`` is ``None``
    where nothing is tried again by itself. Times are UNIX seconds.
    """

    what: str
    since: float
    error: str
    next_try: float | None = None

    def explains(self, sentence: str) -> bool:
        """Whether a sentence about a problem is about this one."""
        return sentence.startswith((f"{self.what}: ", f"{self.what} is "))


def reported_problems(status: Status) -> list[str]:
    """What does not work, as the daemons last reported it: a sentence each, which of several
    replicas it is about. A paused lane is not expected to work.
    """
    found = [
        _sentence(f"account {each.account}", each.reported, _reader(each.account, status.replicas))
        for each in status.accounts
        if _is_problem(each.reported)
    ]
    for lane in status.lanes:
        if lane.paused_since is None:
            found += _problems_of_lane(lane, status.replicas)
    return found


def _is_problem(reported: ReportedState) -> bool:
    return reported.state not in {"", "up"}


def _sentence(what: str, reported: ReportedState, where: str) -> str:
    return f"{what} is {reported.state}{where}: {reported.reason}"


def _reader(account: str, replicas: Sequence[ReplicaStatus]) -> str:
    living = alive(replicas)
    readers = (each.name for each in living if account in each.accounts)
    name = next(readers, "") if len(living) > 1 else ""
    return f" on {name}" if name else ""


def _problems_of_lane(lane: LaneStatus, replicas: Sequence[ReplicaStatus]) -> Iterator[str]:
    """One for all replicas that report the same."""
    what, states = f"lane {lane.lane}", states_of_lane(lane.lane, replicas)
    if len(states) < 2:  # noqa: PLR2004 - one speaks for all
        if _is_problem(lane.reported):
            yield _sentence(what, lane.reported, "")
        return
    for reported in dict.fromkeys(each for _, each in states if _is_problem(each)):
        names = [name for name, each in states if each == reported]
        where = f"all {len(states)} replicas" if len(names) == len(states) else ", ".join(names)
        yield _sentence(what, reported, f" on {where}")


def low_headroom(status: Status, now: float) -> list[str]:
    """A sentence for each account whose unread calls will soon be gone."""
    found = ((each.account, headroom_of(each, now)) for each in status.accounts)
    return [
        f"account {account}: Plum deletes the log of its oldest unread call in {duration(left)}."
        for account, left in found
        if left is not None and left < HEADROOM_LOW
    ]
