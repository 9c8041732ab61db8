"""What the erasure of a call did, in sentences: also what it could not reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fuse_otel.core.model.lane import Lane
from fuse_otel.humanize import plural
from fuse_otel.ports import Erased, JobStatus

NOTHING = "The store holds nothing of this call, and no account knows it."


def finished_erasure(erased: Erased, status: JobStatus, lanes: Sequence[Lane]) -> JobStatus:
    """``lanes`` are all that the store knows. Failed if there was nothing to erase."""
    if not erased.copies and not erased.known:
        return replace(status, state="failed", result=f"{NOTHING} {_elsewhere(lanes)}")
    sentences = [*_erased(erased), _elsewhere(lanes)]
    return replace(status, state="done", result=" ".join(sentences))


def _erased(erased: Erased) -> Sequence[str]:
    if not erased.copies:
        return ["The store held no copy of this call any more. It is not read again."]
    parts = [
        plural(erased.recent, "copy of the pages", "copies of the pages"),
        plural(erased.indexed, "row of the index of calls", "rows of the index of calls"),
        *_by_lane(erased.waiting, "waiting"),
        *_by_lane(erased.parked, "parked"),
        plural(erased.pending, "pending call"),
    ]
    done = ", ".join(part for part in parts if not part.startswith("0 "))
    return [f"Erased: {done}. The call is not read again."]


def _by_lane(counts: Mapping[Lane, int], what: str) -> Sequence[str]:
    return [
        f"{plural(count, f'{what} copy', f'{what} copies')} for {lane}"
        for lane, count in counts.items()
    ]


def _elsewhere(lanes: Sequence[Lane]) -> str:
    """The store does not know which calls a destination has taken."""
    names = ", ".join(dict.fromkeys(lane.destination for lane in lanes))
    if not names:
        return "No destination has received calls from this store."
    return (
        f"Not erased: what was delivered to {names} or was being sent at this moment. Delete it"
        " there."
    )
