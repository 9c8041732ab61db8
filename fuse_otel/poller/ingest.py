"""Stores fetched calls: decides on each, renders it, cuts batches, commits, then emits events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from msgspec import Struct, field
from msgspec.structs import replace

from fuse_otel.core.batching.batch import cut
from fuse_otel.core.encoding.renderer import RenderedCall, Renderer
from fuse_otel.core.model.call import (
    MISSING_LOG,
    CallLog,
    ListedCall,
    LogState,
    Seen,
)
from fuse_otel.core.model.ids import is_nameable
from fuse_otel.core.model.tally import sum_of
from fuse_otel.core.timing.backoff import Backoff, Random
from fuse_otel.errors import Full, FuseOtelError, InternalError, Overtaken, SourceError
from fuse_otel.events import CallsGrown, CallsStored, CallsUnreadable, Emit, LoopFailed
from fuse_otel.poller.api_clock import ApiClock
from fuse_otel.poller.options import PollerOptions
from fuse_otel.poller.recent_calls import RecentCalls
from fuse_otel.poller.release_policy import (
    Decision,
    Export,
    KeepPending,
    Nothing,
    ReleaseTime,
    failing,
    release_policy,
    without_wait,
)
from fuse_otel.poller.repeat_calls import caller_of, find_repeat_calls
from fuse_otel.poller.stored_call import indexed_call, recent_call
from fuse_otel.ports import (
    CallerRow,
    Lease,
    Pending,
    PendingReason,
    RecentCall,
    SeenRow,
    Step,
    StoredCalls,
)

FetchedCall = tuple[ListedCall, CallLog | SourceError]
UNEXPECTED_TRIES = 3  # requests for one call's details that may end with an unexpected error
_UNREADABLE = CallLog(LogState.MISSING)
"""The log of a call whose reading, translation or storing raises an unexpected error."""


class _Draft(Struct):
    """The parts of a step, before they are committed."""

    rendered: list[RenderedCall] = field(default_factory=list)
    grown: list[RenderedCall] = field(default_factory=list)
    seen: list[SeenRow] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    callers: list[CallerRow] = field(default_factory=list)
    unreadable: int = 0


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
        api_clock: ApiClock,
    ) -> None:
        self._options = options
        self._api_clock = api_clock
        self._lease = lease
        self._renderer = renderer
        self._emit = emit
        self._random = random
        self._clock = clock
        self._failing: dict[str, Backoff] = {}
        self._recent = RecentCalls()
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

        An unexpected error of one call leaves the others untouched: the calls are halved until it
        is alone, and then it is exported from its list record.
        """
        try:
            return self._store(fetched, number, relisted, again=again, job=job)
        except Overtaken:
            return self.store(fetched, number, relisted, again=again, job=job)
        except FuseOtelError:
            raise
        except Exception as error:
            self._emit(LoopFailed.of(self._options.loop, error))
            parts = _isolated(fetched)
            if not parts:
                raise
        return sum(
            self.store(part, number, () if at else relisted, again=again, job=job)
            for at, part in enumerate(parts)
        )

    def _store(
        self,
        fetched: Sequence[FetchedCall],
        number: str,
        relisted: Sequence[str],
        *,
        again: bool,
        job: int,
    ) -> int:
        ids = [call.session_id for call, _ in fetched]
        # Another scan may have stored a call since this one listed it: ask the ledger now.
        known, waiting = self._lease.look_up(ids) if ids else StoredCalls()
        if again:
            known = {one: seen for one, seen in known.items() if seen.erased}
        draft = _Draft()
        for call, answer in fetched:
            log = self._unless_unreadable(call, answer)
            since = waiting[call.session_id].since if call.session_id in waiting else None
            seen = known.get(call.session_id)
            decision = self._decision(call, log, seen, self._moment(since))
            self._add(draft, call, log, seen, decision, number)
        if fetched or relisted:
            repeats = find_repeat_calls(draft.callers, self._lease, self._clock())
            shown = [recent_call(call, self._options.account) for call in draft.rendered]
            step = replace(self._step(draft, relisted, shown), job=job)
            if self._options.shared and not again:
                entries = {one: seen.entries for one, seen in known.items()}
                written = (row.session_id for row in step.seen)
                step = replace(step, before={one: entries.get(one) for one in written})
            self._lease.commit(step)
            self._recent.stored(shown, step.recent, step.at)
            self.batch_commits += bool(step.batches)
            self._emit_stored(draft, repeats)
        return len(draft.rendered)

    def store_recent(self) -> None:
        """Nothing is being read: what the pages are to show waits for no further call."""
        if held := self._recent.held:
            # Also after an error: what they need is no reason to stop.
            self._recent.clear()
            with suppress(Full):
                self._lease.commit(Step(at=int(self._clock()), recent=held))

    def fails(self, pending: Pending) -> bool:
        """Whether the last request for the call's details failed."""
        return pending.reason is PendingReason.FAILING or pending.call.session_id in self._failing

    def _unless_unreadable(
        self, call: ListedCall, log: CallLog | SourceError
    ) -> CallLog | SourceError:
        """An unexpected error is repeated a few times only: it does not depend on the API."""
        tried = self._failing.get(call.session_id)
        over = tried is not None and tried.failures >= UNEXPECTED_TRIES - 1
        return _UNREADABLE if over and isinstance(log, InternalError) else log

    def _moment(self, since: int | None) -> ReleaseTime:
        """``since``: when the call became pending, if it is, by our clock."""
        now = self._clock()
        clock = self._api_clock
        return ReleaseTime(
            clock.at(now), clock.at(now if since is None else since), clock.may_give_up(now)
        )

    def _add(
        self,
        draft: _Draft,
        call: ListedCall,
        log: CallLog | SourceError,
        seen: Seen | None,
        decision: Decision,
        number: str,
    ) -> None:
        match decision:
            case KeepPending(reason, due):
                draft.pending.append(Pending(call, number, reason, due))
                return
            case Export(details):
                draft.unreadable += log is _UNREADABLE
                answered = log if isinstance(log, CallLog) else MISSING_LOG
                sent = seen.entries if seen else None
                rendered = self._renderer.render(call, answered, details, sent)
                (draft.grown if seen else draft.rendered).append(rendered)
                caller = caller_of(call, rendered.session_id, self._clock())
                if caller is not None and not seen:
                    draft.callers.append(caller)
                now = Seen(call.end, rendered.entries, rendered.details)
                draft.seen.append(SeenRow(call.session_id, now))
            case Nothing() if seen is not None and seen.end != call.end:
                now = Seen(call.end, seen.entries, seen.details)
                draft.seen.append(SeenRow(call.session_id, now))
        if decision.recheck is None:
            draft.settled.append(call.session_id)
        else:
            draft.pending.append(Pending(call, number, PendingReason.RECHECK, decision.recheck))

    def _decision(
        self, call: ListedCall, log: CallLog | SourceError, seen: Seen | None, moment: ReleaseTime
    ) -> Decision:
        """Due times in it are of our clock, as the store compares them with that."""
        if seen is not None and seen.erased:
            self._failing.pop(call.session_id, None)
            return Nothing()
        if isinstance(log, SourceError):
            decision = self._after_error(call, log, seen, moment)
        else:
            self._failing.pop(call.session_id, None)
            decision = release_policy(call, log, seen, moment, self._options.grow)
        if not is_nameable(call.session_id) or log is _UNREADABLE:
            decision = without_wait(call, log, seen, decision)
        return decision.later(-self._api_clock.skew)

    def _after_error(
        self, call: ListedCall, error: SourceError, seen: Seen | None, moment: ReleaseTime
    ) -> Decision:
        backoff = self._failing.setdefault(call.session_id, Backoff(first=1.0, most=60.0))
        wait = backoff.fail(moment.now, self._random, error.retry_after)
        known = moment.end_of(call)
        if known is None:
            known = moment.first_listed if call.start is None else call.start
        decision = failing(known, moment, wait)
        if isinstance(decision, Export):
            del self._failing[call.session_id]
            return Nothing() if seen else decision
        if seen is not None:
            return Nothing(recheck=decision.due if isinstance(decision, KeepPending) else None)
        return decision

    def _step(self, draft: _Draft, relisted: Sequence[str], shown: Sequence[RecentCall]) -> Step:
        rendered = [*draft.rendered, *draft.grown]
        batches = [
            batch for rendering in self._renderer.renderings for batch in cut(rendering, rendered)
        ]
        now = int(self._clock())
        return Step(
            at=now,
            seen=draft.seen,
            listed=relisted,
            pending=draft.pending,
            settled=draft.settled,
            batches=batches,
            recent=self._recent.of_step(shown, now),
            callers=draft.callers,
            indexed=[indexed_call(call) for call in rendered],
        )

    def _emit_stored(self, draft: _Draft, repeats: frozenset[str]) -> None:
        account = self._options.account
        if draft.rendered:
            summaries = tuple(
                replace(call.summary, repeat=True) if call.session_id in repeats else call.summary
                for call in draft.rendered
            )
            trace_ids = tuple(call.trace_id for call in draft.rendered)
            tally = sum_of(call.tally for call in [*draft.rendered, *draft.grown])
            self._emit(CallsStored(account, self._clock(), summaries, trace_ids, tally))
        if draft.grown:
            self._emit(CallsGrown(account, len(draft.grown)))
        if draft.unreadable:
            self._emit(CallsUnreadable(account, draft.unreadable))


def _isolated(fetched: Sequence[FetchedCall]) -> Sequence[Sequence[FetchedCall]]:
    """The calls in two halves; one call alone without its log; nothing where that was tried."""
    if len(fetched) > 1:
        middle = len(fetched) // 2
        return fetched[:middle], fetched[middle:]
    return [[(call, _UNREADABLE)] for call, log in fetched if log is not _UNREADABLE]
