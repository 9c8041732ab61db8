"""Values for tests of the store: short to write, complete where it matters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fuse_otel.core.batching.batch import Batch, CallSlice, StoredBatch
from fuse_otel.core.model.call import Direction, ListedCall, LogCompleteness, Seen
from fuse_otel.core.model.lane import Lane, Rendering
from fuse_otel.core.model.telemetry import Profile, Signal
from fuse_otel.ports import (
    Acknowledgement,
    Gap,
    GapReason,
    NumberPosition,
    ParkedCopy,
    Pending,
    PendingReason,
    RecentCall,
    SeenRow,
    Step,
    Store,
)

NOW = 1_790_000_000
CALL_SIZE = 100

TEMPO = Lane("tempo", Signal.TRACES)
JAEGER = Lane("jaeger", Signal.TRACES)
LOKI = Lane("loki", Signal.LOGS)


def listed(session_id: str, end: int | None = NOW) -> ListedCall:
    start = None if end is None else end - 60
    return ListedCall(
        session_id,
        start,
        end,
        Direction.INBOUND,
        "inbound",
        logged=True,
        user_hash="0a1b",
        destination="8005550100",
    )


def pending(
    session_id: str,
    reason: PendingReason = PendingReason.GROWING,
    due: int = NOW,
    end: int | None = NOW,
) -> Pending:
    return Pending(listed(session_id, end), "", reason, due, since=NOW)


def seen(session_id: str, end: int | None = NOW, entries: int = 7) -> SeenRow:
    return SeenRow(session_id, Seen(end, entries, LogCompleteness.FULL))


def recent(session_id: str, **changed: Any) -> RecentCall:
    fields: dict[str, Any] = {
        "trace_id": "00" * 15 + "01",
        "application": "claims line",
        "direction": "inbound",
        "outcome": "completed",
        "details": "full",
        "error": False,
        "start": NOW - 60,
        "end": NOW,
        "traces": b"spans of " + session_id.encode("utf-8", "surrogatepass"),
        "logs": b"records of " + session_id.encode("utf-8", "surrogatepass"),
    }
    return RecentCall(session_id=session_id, **(fields | changed))


def body(
    *session_ids: str,
    lanes: Sequence[Lane] = (TEMPO,),
    ends: Sequence[int | None] | None = None,
    data: bytes = b"",
    size: int | None = None,
) -> Batch:
    signal = lanes[0].signal if lanes else Signal.TRACES
    rendering = Rendering(f"{signal}/strict/generic", signal, Profile.GENERIC, tuple(lanes))
    last = [NOW] * len(session_ids) if ends is None else ends
    calls = tuple(
        CallSlice(
            session_id,
            None if end is None else end - 60,
            end,
            place * CALL_SIZE,
            CALL_SIZE,
            items=3,
        )
        for place, (session_id, end) in enumerate(zip(session_ids, last, strict=True))
    )
    content = data or b"gzip of " + ",".join(session_ids).encode("utf-8", "surrogatepass")
    return Batch(rendering, content, size or CALL_SIZE * len(calls), calls)


def step(*bodies: Batch, at: int = NOW, **fields: Any) -> Step:
    return Step(at=at, batches=bodies, **fields)


def whole_step(*session_ids: str, lanes: Sequence[Lane] = (TEMPO,), at: int = NOW) -> Step:
    """Calls that are new: in the ledger, in a body and among the recent ones."""
    return Step(
        at=at,
        seen=[seen(one) for one in session_ids],
        batches=[body(*session_ids, lanes=lanes)],
        recent=[recent(one) for one in session_ids],
    )


# One of each that a step may hold: "a" settles, "b" and "c" are new, "d" waits.
EVERYTHING = step(
    body("b", "c", lanes=[TEMPO, JAEGER]),
    positions={"": NumberPosition(NOW, 1)},
    seen=[seen("b"), seen("c")],
    listed=["a"],
    pending=[pending("d")],
    opened=[Gap("", 5, 6, GapReason.ERROR)],
    closed=[1],
    settled=["a"],
    recent=[recent("b"), recent("c")],
    at=NOW + 3 * 86_400,
)


def copy_of(call: CallSlice, data: bytes = b"one call") -> ParkedCopy:
    return ParkedCopy(call, rejected=2, code="400", reason="entry too far behind", data=data)


def only(store: Store, lane: Lane = TEMPO) -> StoredBatch:
    """The body that is due."""
    (found,) = store.outbox.due(lane, NOW, 1_000_000)
    return found


def accepted(found: StoredBatch, *offsets: int) -> Acknowledgement:
    """Of the calls at these offsets, of all if there are none."""
    return Acknowledgement(found.id, offsets or tuple(call.offset for call in found.calls))
