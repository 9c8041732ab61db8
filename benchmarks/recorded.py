"""A backlog as the poller stores it: its answers, rendered calls, commits and request bodies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from support.rigs.long_run.worlds import WORLDS
from support.rigs.poller_rig import LOGS, START, TRACES, PollerRig

from fuse_otel.core.batching.batch import Batch
from fuse_otel.core.model.call import CallRecord
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.ports import Step

RENDERINGS = (TRACES, LOGS)
_PAST = 20 * 3600


@dataclass(frozen=True, slots=True)
class Backlog:
    """``calls`` are list records with the JSON of their logs; ``steps`` are the poller's commits of
    them, in order.
    """

    calls: dict[str, tuple[CallRecord, bytes]]
    steps: Sequence[Step]

    @property
    def entries(self) -> int:
        return sum(row.seen.entries for step in self.steps for row in step.seen)

    @property
    def batches(self) -> list[Batch]:
        """The bodies of the export requests."""
        return [batch for step in self.steps for batch in step.batches]

    def items(self, signal: Signal) -> int:
        """Spans or log records in all batches."""
        batches = (batch for batch in self.batches if batch.rendering.signal is signal)
        return sum(call.items for batch in batches for call in batch.calls)


class _Recording:
    """A ledger, and its leases, that keep each step they commit."""

    def __init__(self, inner: Any, commit: Callable[[Step], None]) -> None:  # noqa: ANN401
        self._inner = inner
        self._keep = commit

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - everything else is the inner one's
        return getattr(self._inner, name)

    def lease(self, account: str) -> Any:  # noqa: ANN401 - a Lease, by __getattr__
        return _Recording(self._inner.lease(account), self._keep)

    def commit(self, step: Step) -> None:
        self._inner.commit(step)
        self._keep(step)


def record(calls: int, world: str = "simulated") -> Backlog:
    """About so many calls of the last 20 hours. Bulk answers bring them, as in a real backlog."""
    made = WORLDS[world](5, calls / _PAST, _PAST, START)
    steps: list[Step] = []
    rig = PollerRig(
        world=made,
        renderings=RENDERINGS,
        wrap=lambda ledger: _Recording(ledger, steps.append),  # type: ignore[arg-type,return-value]
        since=float(_PAST),
    )
    rig.work_off()
    stored = {row.session_id for step in steps for row in step.seen}
    found = {}
    for call in made.starting(START - _PAST, START):
        if call.session_id in stored:
            entries = made.entries(call.session_id) if call.log else ()
            record_ = CallRecord(
                call.session_id, call.start, call.end, call.src, call.dest, call.type, call.log
            )
            found[call.session_id] = (record_, msgspec.json.encode(entries))
    return Backlog(found, steps)
