"""Stores fetched calls: decides on each, renders it, cuts batches, commits, then emits events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fuse_otel.core.batching.batch import cut
from fuse_otel.core.encoding.renderer import RenderedCall, Renderer
from fuse_otel.core.model.call import CallLog, ListedCall, LogState, Seen
from fuse_otel.core.model.tally import Tally
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
from fuse_otel.ports import Lease, Pending, PendingReason, RecentCall, SeenRow, Step

FetchedCall = tuple[ListedCall, CallLog | SourceError]
RECENT_CALLS = 500  # the pages keep no more calls than that


@dataclass(slots=True)
class _Draft:
    """The parts of a step, before they are committed."""

    rendered: list[RenderedCall] = field(default_factory=list)
    grown: list[RenderedCall] = field(default_factory=list)
    seen: list[SeenRow] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)


class Ingest:
    """Stores the calls of one account. ``clock`` gives the time of the poller's present step."""

    def __init__(
        self,
        options: PollerOptions,
        lease: Lease,
        renderer: Renderer,
        emit: Emit,
        random: Random,
        clock: Callable[[], float],
    ) -> None:
        self._options = options
        self._lease = lease
        self._renderer = renderer
        self._emit = emit
        self._random = random
        self._clock = clock
        self._failing: dict[str, Backoff] = {}
        self.batch_commits = 0

    def store(
        self,
        fetched: Sequence[FetchedCall],
        number: str,
        relisted: Sequence[str] = (),
        *,
        again: bool = False,
        job: int = 0,
    ) -> int:
        """Commit what is known of these calls. Returns how many of them are new in the store.

        ``relisted`` are ids of known calls whose ledger rows are kept longer. ``again`` exports
        known calls once more. The calls count for ``job``, if it is not 0.
        """
        # Another scan may have stored a call since this one listed it: ask the ledger now.
        known = self._known([call.session_id for call, _ in fetched], again=again)
        draft = _Draft()
        for call, log in fetched:
            self._decide(draft, call, log, known.get(call.session_id), number)
        if fetched or relisted:
            step = replace(self._step(draft, relisted), job=job)
            self._lease.commit(step)
            self.batch_commits += bool(step.batches)
            self._emit_stored(draft)
        return len(draft.rendered)

    def fails(self, pending: Pending) -> bool:
        """Whether the last request for the call's details failed."""
        return pending.reason is PendingReason.FAILING or pending.call.session_id in self._failing

    def _known(self, session_ids: Sequence[str], *, again: bool) -> Mapping[str, Seen]:
        return {} if again or not session_ids else self._lease.known(session_ids)

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
        """The latest time at which the call can have ended."""
        known = call.start if call.end is None else call.end
        if known is not None:
            return known
        waiting = self._lease.waiting([call.session_id])
        return next((pending.since for pending in waiting.values()), self._clock())

    def _step(self, draft: _Draft, relisted: Sequence[str]) -> Step:
        rendered = [*draft.rendered, *draft.grown]
        batches = [
            batch for rendering in self._renderer.renderings for batch in cut(rendering, rendered)
        ]
        return Step(
            at=int(self._clock()),
            seen=draft.seen,
            listed=relisted,
            pending=draft.pending,
            settled=draft.settled,
            batches=batches,
            recent=[_recent(call) for call in draft.rendered[-RECENT_CALLS:]],
        )

    def _emit_stored(self, draft: _Draft) -> None:
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


@dataclass(slots=True)
class CallSink:
    """Where a scan puts the calls it fetched. ``stored`` counts the new ones; the other fields are
    those of ``Ingest.store``.
    """

    ingest: Ingest
    number: str
    again: bool = False
    job: int = 0
    stored: int = 0

    def put(self, fetched: Sequence[FetchedCall], relisted: Sequence[str] = ()) -> None:
        self.stored += self.ingest.store(
            fetched, self.number, relisted, again=self.again, job=self.job
        )


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
