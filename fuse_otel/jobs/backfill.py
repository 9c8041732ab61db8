"""A backfill is gaps: resumable by nature. Here they are opened, and found to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fuse_otel.humanize import machine, plural
from fuse_otel.jobs.job import Backfill
from fuse_otel.ports import Carried, Gap, GapReason, JobStatus, Status

Numbers = Mapping[str, Sequence[str]]
"""The accounts that are read, and of each the numbers its readings are limited to."""

ABANDONED = "What is left to read is of accounts that are not configured any more."


def begun(asked: Backfill, order_id: int, accounts: Numbers) -> Carried:
    """The gaps of all accounts that are asked for; a failure if there is no such account."""
    unknown = [name for name in asked.accounts if name not in accounts]
    if unknown:
        why = f"There is no account {unknown[0]}: {', '.join(accounts) or 'none'} is read."
        return Carried(JobStatus(order_id, "failed", why))
    opened = {
        name: [_gap(asked, number, order_id) for number in accounts[name] or ("",)]
        for name in asked.accounts or accounts
    }
    return Carried(JobStatus(order_id, "working", f"Reading {_interval(asked)}."), opened=opened)


def readable(order_id: int, status: Status, accounts: Numbers) -> bool:
    """Whether somebody reads what is left of the order."""
    gaps = (gap for each in status.accounts if each.account in accounts for gap in each.gaps)
    return any(gap.order == order_id for gap in gaps)


def ended(asked: Backfill, receipt: JobStatus) -> JobStatus:
    """``receipt`` shows that nothing is left to read."""
    calls = plural(receipt.calls, "call")
    entries = plural(receipt.entries, "entry", "entries")
    verb = "was" if receipt.calls == 1 else "were"
    what = "read and sent once more" if asked.again else "new"
    result = f"{_interval(asked)} is read: {calls} with {entries} {verb} {what}."
    return JobStatus(receipt.id, "done", result)


def _gap(asked: Backfill, number: str, order_id: int) -> Gap:
    return Gap(number, asked.start, asked.end, GapReason.BACKFILL, asked.again, order=order_id)


def _interval(asked: Backfill) -> str:
    return f"{machine(asked.start)} to {machine(asked.end)}"
