"""A backfill is a set of gaps, so it can be resumed. The worker opens them and checks when they are
read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fuse_otel.humanize import machine, plural
from fuse_otel.jobs.job import Backfill
from fuse_otel.ports import Gap, GapReason, JobStatus, JobStep, Status

AccountNumbers = Mapping[str, Sequence[str]]
"""The accounts that are read, with the numbers that each is limited to."""

ABANDONED = "What is left to read is of accounts that are not configured any more."


def first_step(request: Backfill, job_id: int, accounts: AccountNumbers) -> JobStep:
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


def is_readable(job_id: int, status: Status, accounts: AccountNumbers) -> bool:
    """Whether a configured account still has gaps of the job."""
    gaps = (gap for each in status.accounts if each.account in accounts for gap in each.gaps)
    return any(gap.job == job_id for gap in gaps)


def finished(request: Backfill, status: JobStatus) -> JobStatus:
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
