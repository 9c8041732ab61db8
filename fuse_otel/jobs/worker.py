"""The job worker: each step does one part of every open job, each part in one transaction.

A part and its effect on the job are in the same transaction, so that an interrupted job continues
without repeating anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from fuse_otel.core.batching.batch import MAX_INFLATED
from fuse_otel.core.model.lane import Lane, LoopName
from fuse_otel.core.timing.backoff import Backoff, Random
from fuse_otel.errors import StoreError
from fuse_otel.events import Emit, JobChanged, LanePaused, LoopFailed, StoreFailed
from fuse_otel.humanize import plural
from fuse_otel.jobs.job import (
    ABANDONED,
    AccountNumbers,
    Backfill,
    Drop,
    Erase,
    Replay,
    decode_request,
    finished_backfill,
    finished_erasure,
    first_backfill_step,
    is_backfill_readable,
)
from fuse_otel.jobs.replay import ReplayLanes, ReplayPart, replay_part
from fuse_otel.ports import Control, Job, JobStatus, JobStep, ParkedCall, ReportedState
from fuse_otel.views.history import sample_of

ReportedStates = tuple[Mapping[str, ReportedState], Mapping[Lane, ReportedState]]
"""The states of the daemon's accounts and lanes."""

LOOK = 0.5  # seconds between two looks for jobs: a command gets its answer within a second
_SAMPLE_EVERY = 60  # seconds


class _Pass(Struct):
    """The last parked call that a job has handled, and how many calls it had to leave parked."""

    after: int = 0
    homeless: int = 0
    damaged: int = 0


class JobWorker:
    """``accounts`` are those that are read, ``lanes`` those that deliver. Not for two threads.

    ``idle``: the last step found no open job. Also writes ``states()`` to the store whenever they
    change, for ``status`` to read, and once a minute the lag and the headroom for the charts. Emits
    which lanes are paused or resumed in the store. ``shared``: other replicas work on the store.
    They announce ended calls to each other.
    """

    def __init__(
        self,
        control: Control,
        accounts: AccountNumbers,
        lanes: ReplayLanes,
        emit: Emit,
        random: Random,
        states: Callable[[], ReportedStates | None] = lambda: None,
        *,
        shared: bool = False,
    ) -> None:
        self._control = control
        self._accounts = accounts
        self._lanes = lanes
        self._emit = emit
        self._random = random
        self._states = states
        self._reported: ReportedStates | None = None
        self._paused: Mapping[Lane, int] = {}
        self._shared = shared
        self._has_to_announce = False
        self._announcements: int | None = None
        self._poll: Callable[[], None] = lambda: None
        self._sampled = 0.0
        self._passes: dict[int, _Pass] = {}
        self._store = Backoff(first=1.0, most=60.0)
        self.idle = False

    def announce(self) -> None:
        """A call ended, and another replica may read its account: the next step announces it to
        all. For any thread. A step announces many calls at once.
        """
        self._has_to_announce = True

    def call_when_announced(self, poll: Callable[[], None]) -> None:
        """``poll`` is called by the step after any replica has announced a call."""
        self._poll = poll

    def step(self, now: float) -> float:
        """Returns when to step again: ``now`` if there is more to do at once."""
        if not self._store.ready(now):
            return self._store.until
        try:
            more = self._advance(now)
        except StoreError as error:
            self.idle = False
            self._store.fail(now, self._random)
            self._emit(StoreFailed.of(error))
            return self._store.until
        self._store.succeed()
        return now if more else now + LOOK

    def _advance(self, now: float) -> bool:
        self._report_states(now)
        self._look_for_pauses()
        if self._shared:
            self._share_announcements()
        jobs = self._control.open_jobs()
        self.idle = not jobs
        # All jobs advance: a long backfill must not delay a replay.
        more = [self._try_part(job_id, job, now) for job_id, job in jobs]
        return any(more)

    def _try_part(self, job_id: int, job: Job, now: float) -> bool:
        """A job with an unexpected error fails: it would repeat the error endlessly, delay the jobs
        after it, and leave its command waiting.
        """
        try:
            return self._do_part(job_id, job, now)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - see above
            failure = LoopFailed.of(LoopName("jobs"), error)
            self._emit(failure)
            why = f"Unexpected {failure.error_type} at {failure.where}: please report it."
            self._finish(job, JobStatus(job_id, "failed", why))
            return False

    def _report_states(self, now: float) -> None:
        states = self._states()
        if states is None:
            return
        # Either way: the clock may have been set back.
        is_sample_due = abs(now - self._sampled) >= _SAMPLE_EVERY
        # Now and then without a change: other replicas may have taken this one for gone meanwhile.
        if states != self._reported or is_sample_due:
            self._control.report_states(*states)
            self._reported = states
        if is_sample_due:
            self._sampled = now  # also if it fails, so that the jobs advance on a full disk
            sample = sample_of(self._control.status(), now)
            if sample is not None:
                self._control.add_sample(sample)

    def _look_for_pauses(self) -> None:
        before, self._paused = self._paused, self._control.paused_lanes()
        for lane in sorted(before.keys() | self._paused.keys()):
            if before.get(lane) != self._paused.get(lane):
                self._emit(LanePaused(lane, self._paused.get(lane)))

    def _share_announcements(self) -> None:
        if self._has_to_announce:
            self._has_to_announce = False  # before: one that comes meanwhile needs another
            try:
                self._control.announce()
            except StoreError:
                self._has_to_announce = True
                raise
        before, self._announcements = self._announcements, self._control.announcements()
        if before not in {None, self._announcements}:
            self._poll()

    def _do_part(self, job_id: int, job: Job, now: float) -> bool:
        """Whether there is more to do for the job at once."""
        status = self._control.job_status(job_id)
        if status is None or not status.open:
            return False
        try:
            request = decode_request(job)
        except ValueError as error:
            self._finish(job, JobStatus(job_id, "failed", str(error)))
            return False
        if isinstance(request, Backfill):
            self._backfill(job, request, status, now)
            return False
        if isinstance(request, Erase):
            self._erase(job, request, status, now)
            return False
        return self._parked_part(job, request, status, now)

    def _erase(self, job: Job, request: Erase, status: JobStatus, now: float) -> None:
        """In one transaction with its result: another replica that erases the same call would find
        nothing of it, and might say so first.
        """
        lanes = [each.lane for each in self._control.status().lanes]
        result = partial(finished_erasure, status=status, lanes=lanes)
        ended = self._control.erase_by_job(status.id, request.session_id, now, result)
        if ended is not None:
            self._emit_change(job, ended)

    def _backfill(self, job: Job, request: Backfill, status: JobStatus, now: float) -> None:
        if status.state == "waiting":
            step = first_backfill_step(request, status.id, self._accounts)
            if self._control.commit_job_step(step, now):
                self._emit_change(job, step.status)
        elif status.left == 0:
            self._finish(job, finished_backfill(request, status))
        elif not is_backfill_readable(status.id, self._control.status(), self._accounts):
            # Its last gap may have been read between the two looks: the next step finishes it.
            again = self._control.job_status(status.id)
            if again is not None and again.left:
                self._finish(job, JobStatus(status.id, "failed", ABANDONED))

    def _parked_part(self, job: Job, request: Replay | Drop, status: JobStatus, now: float) -> bool:
        """Replay or drop one part of the parked calls. Whether there was one."""
        so_far = self._passes.setdefault(status.id, _Pass())
        rest = replace(request.which, after=max(request.which.after, so_far.after))
        part = self._control.parked_part(rest, MAX_INFLATED)
        if not part:
            del self._passes[status.id]
            # Other replicas may have taken parts since: their calls count too.
            status = self._control.job_status(status.id) or status
            self._finish(job, _finished(request, status, so_far))
            return False
        taken = self._taken(request, part)
        working = replace(status, state="working")
        step = JobStep(working, unparked=taken.sent, batches=taken.batches)
        # If another replica was faster, the next part begins at the same place.
        if self._control.commit_job_step(step, now):
            so_far.after = part[-1].id
            so_far.homeless += taken.homeless
            so_far.damaged += taken.damaged
        return True

    def _taken(self, request: Replay | Drop, part: Sequence[ParkedCall]) -> ReplayPart:
        if isinstance(request, Drop):
            return ReplayPart(sent=[parked.id for parked in part])
        return replay_part(part, self._lanes)

    def _finish(self, job: Job, status: JobStatus) -> None:
        if self._control.finish_job(status):
            self._emit_change(job, status)

    def _emit_change(self, job: Job, status: JobStatus) -> None:
        self._emit(JobChanged(job.kind, status.state, status.result))


def _finished(request: Replay | Drop, status: JobStatus, so_far: _Pass) -> JobStatus:
    left = [
        (so_far.homeless, "the destination is not configured any more"),
        (
            so_far.damaged,
            "the stored bytes are damaged, `fuse-otel backfill --again` reads it again",
        ),
    ]
    verb = "is" if status.calls == 1 else "are"
    what = "dropped" if isinstance(request, Drop) else "on the way again"
    done = f"{plural(status.calls, 'parked call')} {verb} {what}."
    kept = [f"{count:,} stay parked: {why}." for count, why in left if count]
    if not status.calls and not kept:
        return JobStatus(status.id, "failed", "No such call is parked.")
    result = " ".join([done, *kept] if status.calls else kept)
    return JobStatus(status.id, "done" if status.calls else "failed", result)
