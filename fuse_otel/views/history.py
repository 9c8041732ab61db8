"""The last day as series of numbers: calls, errors, lag and headroom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from fuse_otel import humanize
from fuse_otel.core.timing.windows import RETENTION
from fuse_otel.ports import SLOT, SLOTS, CallCount, Sample, Status, slot_of
from fuse_otel.views.status_report import headroom_of, lag_of

_MINUTES = SLOT // 60
_NOTHING = "Nothing was recorded yet."
_LEAST_LAG = 60  # seconds: the lag between two polls must not look like a mountain


class Series(Struct, frozen=True):
    """A value for each slot, the oldest first; ``None`` where nothing was recorded. ``top`` is the
    end of the scale, which begins at 0, and ``top_text`` the same with its unit. ``text`` says in a
    sentence what the chart shows.
    """

    name: str
    title: str
    values: tuple[int | None, ...]
    top: int
    top_text: str
    text: str


def sample_of(status: Status, now: float) -> Sample | None:
    """``None`` before the first poll. An account that the daemon does not have does not count."""
    accounts = [account for account in status.accounts if account.reported.state]
    lags = [lag for each in accounts if (lag := lag_of(each, now)) is not None]
    left = [room for each in accounts if (room := headroom_of(each, now)) is not None]
    if not lags or not left:
        return None
    return Sample(slot_of(now), int(max(lags)), int(min(left)))


def first_slot(now: float) -> int:
    """The start of the oldest slot of the charts."""
    return slot_of(now) - (SLOTS - 1) * SLOT


def history(
    counts: Iterable[CallCount], samples: Iterable[Sample], now: float
) -> tuple[Series, ...]:
    slots = range(first_slot(now), slot_of(now) + 1, SLOT)
    counted = {each.at: each for each in counts}
    sampled = {each.at: each for each in samples}
    calls = [counted[at].calls if at in counted else 0 for at in slots]
    errors = [counted[at].errors if at in counted else 0 for at in slots]
    lags = [sampled[at].lag if at in sampled else None for at in slots]
    left = [sampled[at].headroom if at in sampled else None for at in slots]
    return _calls(slots, calls), _errors(slots, errors), _lag(slots, lags), _headroom(slots, left)


def _calls(slots: range, calls: Sequence[int]) -> Series:
    text, most = humanize.plural(sum(calls), "call"), ""
    if any(calls):
        most = f"{max(calls) / _MINUTES:,.1f}"
        text += f", at most {most} a minute at {_when(slots, calls, max(calls))}"
    return Series("calls", "Calls per minute", tuple(calls), max(1, *calls), most, f"{text}.")


def _errors(slots: range, errors: Sequence[int]) -> Series:
    text, most = f"{humanize.plural(sum(errors), 'call')} with an error", ""
    if any(errors):
        most = f"{max(errors):,}"
        text += f", at most {most} in {_MINUTES} minutes at {_when(slots, errors, max(errors))}"
    return Series("errors", "Errors", tuple(errors), max(1, *errors), most, f"{text}.")


def _lag(slots: range, lags: Sequence[int | None]) -> Series:
    known = [lag for lag in lags if lag is not None]
    top, text = max([_LEAST_LAG, *known]), _NOTHING
    if known:
        worst, last = humanize.duration(max(known)), humanize.duration(known[-1])
        text = f"At most {worst} at {_when(slots, lags, max(known))}, last {last}."
    return Series("lag", "Lag of reading", tuple(lags), top, humanize.duration(top), text)


def _headroom(slots: range, left: Sequence[int | None]) -> Series:
    known = [room for room in left if room is not None]
    text = _NOTHING
    if known:
        worst, last = humanize.duration(min(known)), humanize.duration(known[-1])
        text = f"At least {worst} at {_when(slots, left, min(known))}, last {last}."
    top = humanize.duration(RETENTION)
    return Series("headroom", "Headroom", tuple(left), RETENTION, top, text)


def _when(slots: range, values: Sequence[int | None], value: int) -> str:
    """The first slot with the value."""
    return humanize.clock_time(slots[values.index(value)])
