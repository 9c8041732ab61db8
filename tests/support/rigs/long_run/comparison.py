"""What came to the back end against what is true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate

from fuse_otel.simulator.call import SimulatedCall
from fuse_otel.simulator.world import World
from support.rigs.long_run.back_end import Arrival, BackEnd

# What a lane calls live at a poll interval of 30 s (285 s), and an export that was slow.
LIVE = 330.0
_HOUR = 3600.0
Arrivals = Mapping[str, Sequence[Arrival]]


def compare(
    world: World,
    back_end: BackEnd,
    *,
    since: float,
    until: float,
    now: float,
    up_again: float,
    again: bool,
) -> dict[str, object]:
    """Of the calls that start at ``since`` or later and end before ``until``, at ``now``: what is
    missing, what came twice, in what order and how late after ``up_again`` it came. Lists and
    counts fit for JSON. ``again``: whether both rounds brought the same bytes, too.
    """
    truth = [call for call in world.ending(since, until) if call.start >= since]
    told: dict[str, object] = {
        "calls": len(truth),
        "requests": back_end.requests,
        "refused": back_end.refused,
        "largest": back_end.largest,
        "bytes": back_end.bytes,
        "entries": sum(call.entries for call in truth if call.log),
    }
    for signal in ("traces", "logs"):
        expected = truth if signal == "traces" else [call for call in truth if _has_records(call)]
        first = back_end.arrivals["first", signal]
        told[signal] = {
            **_once(expected, first),
            "disorder": _disorder(expected, first, up_again),
            "late": _late(expected, first, up_again, now),
        }
        if again:
            told[signal] |= _same(expected, first, back_end.arrivals["again", signal])  # type: ignore[operator]
    return told


def _has_records(call: SimulatedCall) -> bool:
    return call.log and call.entries > 0


def _once(calls: Sequence[SimulatedCall], arrivals: Arrivals) -> dict[str, object]:
    """``differing``: calls that came several times, as different bytes. ``examples``: when the
    first few of the missing ones started and ended.
    """
    came = [arrivals.get(call.session_id, ()) for call in calls]
    lost = [(call.start, call.end) for call in calls if not arrivals.get(call.session_id)]
    return {
        "expected": len(calls),
        "examples": lost[:3],
        "missing": sum(not each for each in came),
        "several": sum(len(each) > 1 for each in came),
        "differing": sum(len({one.digest for one in each}) > 1 for each in came),
    }


def _disorder(calls: Sequence[SimulatedCall], arrivals: Arrivals, up_again: float) -> int:
    """By how many seconds at most the oldest end in a request lies before that of a request that
    came earlier. Of the requests with old calls alone: live ones go first.
    """
    ends: dict[int, list[int]] = {}
    times: dict[int, float] = {}
    for call in calls:
        for arrival in arrivals.get(call.session_id, ()):
            if call.end < up_again <= arrival.at:
                ends.setdefault(arrival.request, []).append(call.end)
                times[arrival.request] = arrival.at
    oldest = [
        min(ended) for request, ended in sorted(ends.items()) if max(ended) < times[request] - LIVE
    ]
    newest_so_far = accumulate(oldest, max)
    return max((top - end for top, end in zip(newest_so_far, oldest, strict=True)), default=0)


def _late(
    calls: Sequence[SimulatedCall], arrivals: Arrivals, up_again: float, now: float
) -> dict[str, object]:
    """The calls that ended after ``up_again``: seconds from end to arrival. ``while_catching_up``
    counts those that came before the last of the old ones.
    """
    caught_up = max(
        (
            arrival.at
            for call in calls
            if call.end < up_again
            for arrival in arrivals.get(call.session_id, ())[:1]
        ),
        default=up_again,
    )
    seconds: Counter[str] = Counter()
    count = 0
    for call in calls:
        came = arrivals.get(call.session_id)
        if call.end < up_again or call.end - call.start > _HOUR or not came or came[0].at > now:
            continue
        kind = "exited" if call.exited and call.log else "open"
        seconds[kind] = max(seconds[kind], round(came[0].at - call.end))
        count += came[0].at <= caught_up
    return {**seconds, "while_catching_up": count, "caught_up_after": round(caught_up - up_again)}


def _same(calls: Sequence[SimulatedCall], first: Arrivals, again: Arrivals) -> dict[str, int]:
    both = [
        (first[call.session_id][0].digest, again[call.session_id][0].digest)
        for call in calls
        if first.get(call.session_id) and again.get(call.session_id)
    ]
    return {"again": len(both), "unlike": sum(one != other for one, other in both)}
