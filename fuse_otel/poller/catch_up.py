"""Where reading continues after a start, a downtime or a clock that was wrong."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from fuse_otel.core.timing.windows import DAY, RETENTION
from fuse_otel.ports import Gap, GapReason, NumberPosition

YEAR = 366 * DAY


class CatchUp(Struct, frozen=True):
    """``position``: where the live window begins. ``given_up``: what Plum has deleted unread."""

    position: NumberPosition
    opened: Sequence[Gap] = ()
    closed: Sequence[int] = ()
    given_up: Sequence[Gap] = ()


class Present(Struct, frozen=True):
    """``end`` is the newest second to list, ``live_span`` how far back every poll lists, ``floor``
    the floor of a first start. ``may_give_up``: a recent answer has shown that the API's clock
    agrees with ours.
    """

    end: int
    live_span: int
    floor: int
    may_give_up: bool

    @property
    def kept_from(self) -> int:
        """The API keeps no details of older calls."""
        return self.end - RETENTION


def catch_up(
    number: str, stored: NumberPosition | None, gaps: Sequence[Gap], now: Present
) -> CatchUp | None:
    """What a poll does not list becomes a gap, because live calls come first. ``None``: the stored
    position does not fit the present time, and it is not sure which of both is wrong.
    """
    if stored is None:
        return _first(number, now, [])
    # A position in the future, or of more than a year ago, was stored while the clock was wrong.
    wrong = stored.floor > now.end or stored.cursor < now.kept_from - YEAR
    if (wrong or stored.cursor < now.kept_from) and not now.may_give_up:
        # One answer with an odd date must not replace the position or close a gap.
        return None
    if wrong:
        return _first(number, now, gaps)
    recent = now.end - now.live_span
    if stored.cursor >= recent:
        return CatchUp(stored)
    gap = Gap(number, max(stored.floor, stored.cursor), recent, GapReason.DOWNTIME)
    # While the store stays full each try falls behind: extend one gap, open no thousands.
    earlier = [one for one in gaps if _continues(gap, one)][-1:]
    if earlier:
        gap = replace(gap, start=earlier[0].start)
    lost: list[Gap] = []
    if gap.start < now.kept_from:
        # After a start with a clock in 1970 a gap of 56 years took 2,477 requests.
        lost = [replace(gap, end=min(now.kept_from, gap.end))]
        gap = replace(gap, start=min(now.kept_from, gap.end - 1))
    return CatchUp(
        replace(stored, cursor=recent),
        opened=[gap],
        closed=[one.id for one in earlier],
        given_up=lost,
    )


def first_again(number: str, gaps: Sequence[Gap], now: Present) -> CatchUp:
    """The first start once more, after the first answer has shown that our clock was wrong."""
    return _first(number, now, gaps)


def _first(number: str, now: Present, gaps: Sequence[Gap]) -> CatchUp:
    recent = now.end - now.live_span
    old = [gap.id for gap in gaps if gap.number == number and gap.reason is GapReason.HISTORY]
    if now.floor >= recent:
        return CatchUp(NumberPosition(now.floor, now.floor), closed=old)
    history = Gap(number, max(now.floor, now.kept_from), recent, GapReason.HISTORY)
    return CatchUp(NumberPosition(recent, now.floor), opened=[history], closed=old)


def _continues(gap: Gap, earlier: Gap) -> bool:
    same = (gap.number, gap.reason, gap.again) == (earlier.number, earlier.reason, earlier.again)
    return same and not earlier.taken and earlier.start <= gap.start <= earlier.end
