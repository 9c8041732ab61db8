"""Calls with their logs into the store: decide, render, cut bodies, one transaction, then tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fuse_otel.core.batching.batch import cut
from fuse_otel.core.encoding.renderer import RenderedCall, Renderer
from fuse_otel.core.model.call import CallLog, ListedCall, LogState, Seen
from fuse_otel.core.model.telemetry import Tally
from fuse_otel.core.timing.backoff import Backoff, Random
from fuse_otel.errors import SourceError
from fuse_otel.events import CallsGrown, CallsStored, Emit
from fuse_otel.poller.options import PollerOptions
from fuse_otel.poller.release_policy import (
    Decision,
    Export,
    KeepPending,
    Nothing,
    failing,
    release_policy,
)
from fuse_otel.ports import (
    Lease,
    Ledger,
    Pending,
    PendingReason,
    RecentCall,
    SeenRow,
    Step,
)

Fetched = tuple[ListedCall, CallLog | SourceError]
SHOWN = 500  # the pages keep no more calls than that


@dataclass(slots=True)
class _Draft:
    """A step in the making."""

    rendered: list[RenderedCall] = field(default_factory=list)
    grown: list[RenderedCall] = field(default_factory=list)
    seen: list[SeenRow] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)


class Ingest:
    """Puts what was found on the shelf. ``clock`` gives the time of the poller's present step."""

    def __init__(
        self,
        options: PollerOptions,
        ledger: Ledger,
        renderer: Renderer,
        emit: Emit,
        random: Random,
        clock: Callable[[], float],
    ) -> None:
        self._options = options
        self._ledger = ledger
        self._renderer = renderer
        self._emit = emit
        self._random = random
        self._clock = clock
        self._failing: dict[str, Backoff] = {}
        self.commits = 0  # of bodies

    def put(
        self,
        lease: Lease,
        found: Sequence[Fetched],
        number: str,
        listed: Sequence[str] = (),
        *,
        again: bool = False,
        order: int = 0,
    ) -> int:
        """Store what is known of these calls; returns how many were stored as new.

        ``listed`` are ledger rows to be kept longer. ``again`` sends known calls once more. The
        calls count for the ``order`` that asked for them, if one did.
        """
        # Another reading may have stored a call since this one listed it: ask the ledger now.
        known = self._known([call.session_id for call, _ in found], again=again)
        draft = _Draft()
        for call, log in found:
            self._decide(draft, call, log, known.get(call.session_id), number)
        if found or listed:
            step = replace(self._step(draft, listed), order=order)
            self._ledger.commit(lease, step)
            self.commits += bool(step.bodies)
            self._tell(draft)
        return len(draft.rendered)

    def fails(self, pending: Pending) -> bool:
        """Whether the call's details failed when they were asked for last."""
        return pending.reason is PendingReason.FAILING or pending.call.session_id in self._failing

    def _known(self, session_ids: Sequence[str], *, again: bool) -> Mapping[str, Seen]:
        if again or not session_ids:
            return {}
        return self._ledger.known(self._options.account, session_ids)

    def _decide(
        self,
        draft: _Draft,
        call: ListedCall,
        log: CallLog | SourceError,
        seen: Seen | None,
        number: str,
    ) -> None:
        decision = self._decision(call, log, seen)
        match decision:
            case KeepPending(reason, due):
                draft.pending.append(Pending(call, number, reason, due))
                return
            case Export(details):
                answered = log if isinstance(log, CallLog) else CallLog(LogState.MISSING)
                sent = seen.entries if seen else None
                rendered = self._renderer.render(call, answered, details, sent)
                (draft.grown if seen else draft.rendered).append(rendered)
                draft.seen.append(_row(call, Seen(call.end, rendered.entries, rendered.details)))
            case Nothing() if seen is not None and seen.end != call.end:
                draft.seen.append(_row(call, Seen(call.end, seen.entries, seen.details)))
        if decision.recheck is None:
            draft.settled.append(call.session_id)
        else:
            draft.pending.append(Pending(call, number, PendingReason.RECHECK, decision.recheck))

    def _decision(
        self, call: ListedCall, log: CallLog | SourceError, seen: Seen | None
    ) -> Decision:
        now = self._clock()
        if isinstance(log, CallLog):
            self._failing.pop(call.session_id, None)
            return release_policy(call, log, seen, now, self._options.grow)
        backoff = self._failing.setdefault(call.session_id, Backoff(first=1.0, most=60.0))
        wait = backoff.fail(now, self._random, log.retry_after)
        decision = failing(self._over(call), now, wait)
        if isinstance(decision, Export):
            del self._failing[call.session_id]
            return Nothing() if seen else decision
        if seen is not None:
            return Nothing(recheck=decision.due if isinstance(decision, KeepPending) else None)
        return decision

    def _over(self, call: ListedCall) -> float:
        """When the call was over, at the latest."""
        known = call.start if call.end is None else call.end
        if known is not None:
            return known
        waiting = self._ledger.waiting(self._options.account, [call.session_id])
        return next((pending.since for pending in waiting.values()), self._clock())

    def _step(self, draft: _Draft, listed: Sequence[str]) -> Step:
        rendered = [*draft.rendered, *draft.grown]
        bodies = [
            body for rendering in self._renderer.renderings for body in cut(rendering, rendered)
        ]
        return Step(
            at=int(self._clock()),
            seen=draft.seen,
            listed=listed,
            pending=draft.pending,
            settled=draft.settled,
            bodies=bodies,
            recent=[_recent(call) for call in draft.rendered[-SHOWN:]],
        )

    def _tell(self, draft: _Draft) -> None:
        account = self._options.account
        if draft.rendered:
            self._emit(
                CallsStored(
                    account,
                    self._clock(),
                    tuple(call.summary for call in draft.rendered),
                    tuple(call.trace_id for call in draft.rendered),
                    _sum(call.tally for call in [*draft.rendered, *draft.grown]),
                )
            )
        if draft.grown:
            self._emit(CallsGrown(account, len(draft.grown)))


def _row(call: ListedCall, seen: Seen) -> SeenRow:
    return SeenRow(call.session_id, seen)


def _sum(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        total.add(tally)
    return total


def _recent(call: RenderedCall) -> RecentCall:
    summary = call.summary
    return RecentCall(
        session_id=call.session_id,
        trace_id=call.trace_id,
        application=summary.application,
        direction=summary.direction,
        outcome=summary.outcome,
        details=call.details,
        error=summary.error,
        start=call.start,
        end=call.end,
        traces=call.traces,
        logs=call.logs,
    )
