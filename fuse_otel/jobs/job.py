"""What a job asks for, and how the store keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from fuse_otel.core.model.lane import Lane
from fuse_otel.humanize import machine, plural
from fuse_otel.ports import Erased, Gap, GapReason, Job, JobStatus, JobStep, ParkedQuery, Status


class Backfill(msgspec.Struct, frozen=True):
    """Read the calls from ``start`` to ``end`` (UNIX seconds) of these accounts, of all accounts if
    none is named. ``again``: send known calls once more.
    """

    start: int
    end: int
    accounts: tuple[str, ...] = ()
    again: bool = False


class Replay(msgspec.Struct, frozen=True):
    """Send parked calls again. ``which.last`` is set, so that a call which is parked again
    meanwhile is not sent again.
    """

    which: ParkedQuery


class Drop(msgspec.Struct, frozen=True):
    """Delete parked calls."""

    which: ParkedQuery


class Erase(msgspec.Struct, frozen=True):
    """Remove all that the store holds of a call."""

    session_id: str


JobRequest = Backfill | Replay | Drop | Erase
_TYPES: dict[str, type[JobRequest]] = {
    "backfill": Backfill, "replay": Replay, "drop": Drop, "erase": Erase,
}  # fmt: skip
_KINDS = {type_: kind for kind, type_ in _TYPES.items()}


def encode_request(request: JobRequest) -> Job:
    return Job(_KINDS[type(request)], msgspec.json.encode(request).decode())


def decode_request(job: Job) -> JobRequest:
    """Raises ``ValueError`` for a job of a version that knows more kinds or arguments."""
    try:
        return msgspec.json.decode(job.arguments, type=_TYPES[job.kind])
    except (KeyError, msgspec.MsgspecError) as error:
        raise ValueError(f"This version cannot read the job ({job.kind}).") from error


AccountNumbers = Mapping[str, Sequence[str]]
"""The accounts that are read, with the numbers that each is limited to."""

ABANDONED = "What is left to read is of accounts that are not configured any more."


def first_backfill_step(request: Backfill, job_id: int, accounts: AccountNumbers) -> JobStep:
    """The gaps of all accounts that the job names; a failure if one of them is not configured."""
    unknown = [name for name in request.accounts if name not in accounts]
    if unknown:
        why = f"There is no account {unknown[0]}: {', '.join(accounts) or 'none'} is read."
        return JobStep(JobStatus(job_id, "failed", why))
    opened = {
        name: [_gap(request, number, job_id) for number in accounts[name] or ("",)]
        for name in request.accounts or accounts
    }
    return JobStep(JobStatus(job_id, "working", f"Reading {_interval(request)}."), opened=opened)


def is_backfill_readable(job_id: int, status: Status, accounts: AccountNumbers) -> bool:
    """Whether a configured account still has gaps of the job."""
    gaps = (gap for each in status.accounts if each.account in accounts for gap in each.gaps)
    return any(gap.job == job_id for gap in gaps)


def finished_backfill(request: Backfill, status: JobStatus) -> JobStatus:
    """The final status of a job that has nothing left to read."""
    calls = plural(status.calls, "call")
    entries = plural(status.entries, "entry", "entries")
    verb = "was" if status.calls == 1 else "were"
    what = "read and sent once more" if request.again else "new"
    result = f"{_interval(request)} is read: {calls} with {entries} {verb} {what}."
    return JobStatus(status.id, "done", result)


def _gap(request: Backfill, number: str, job_id: int) -> Gap:
    return Gap(number, request.start, request.end, GapReason.BACKFILL, request.again, job=job_id)


def _interval(request: Backfill) -> str:
    return f"{machine(request.start)} to {machine(request.end)}"


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
