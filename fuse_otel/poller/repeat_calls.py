"""Which new calls are from callers who called before. The store knows callers by their pseudonyms
only, and no longer than needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fuse_otel.core.model.call import Direction, ListedCall
from fuse_otel.core.timing.windows import DAY, HOUR
from fuse_otel.ports import CallerRow, Lease

KEEP = DAY + HOUR
"""Seconds a caller is kept after a call: a call of the last hour may repeat one of the day before
it. Older calls are not counted (``fuse_otel_backfilled_calls_total``).
"""


def caller_of(call: ListedCall, session_id: str, now: float) -> CallerRow | None:
    """The row to keep of an inbound call. ``None`` without a pseudonym, and for a call that ended
    too long ago, or in the future by a wrong clock.
    """
    if call.direction is not Direction.INBOUND or not call.user_hash or call.end is None:
        return None
    if not now - KEEP < call.end <= now + HOUR:
        return None
    return CallerRow(session_id, call.user_hash, call.end)


def find_repeat_calls(new: Sequence[CallerRow], lease: Lease, now: float) -> frozenset[str]:
    """``repeat_calls`` with what the store has of their callers. It is not asked about calls older
    than an hour, which the metrics leave out.
    """
    recent = {row.caller for row in new if now - row.end < HOUR}
    return repeat_calls(new, lease.callers(tuple(recent)) if recent else ())


def repeat_calls(new: Sequence[CallerRow], stored: Iterable[CallerRow]) -> frozenset[str]:
    """The session ids of the ``new`` calls whose caller had another call that ended within the 24
    hours before. A call that is ``stored`` already was counted then, and is left out.
    """
    known = set(stored)
    counted = {row.session_id for row in known}
    earlier: dict[str, list[CallerRow]] = {}
    for row in known.union(new):
        earlier.setdefault(row.caller, []).append(row)
    return frozenset(
        row.session_id
        for row in new
        if row.session_id not in counted
        and any(_before(other, row) for other in earlier[row.caller])
    )


def _before(other: CallerRow, row: CallerRow) -> bool:
    """Of two calls that ended in the same second, one counts as the earlier."""
    within = row.end - other.end <= DAY
    return within and (other.end, other.session_id) < (row.end, row.session_id)
