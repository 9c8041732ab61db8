"""Run a job that a command asks for: write it into the store, then let the daemon that holds the
store do it, or do it here if no daemon runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fuse_otel.cli.output import INTERRUPTED, complain
from fuse_otel.cli.signals import STOPPING, Interrupt, leave_if_hung
from fuse_otel.errors import Busy
from fuse_otel.events import CallsParked, Event
from fuse_otel.jobs.job import Backfill, Drop, Erase, JobRequest, encode_request
from fuse_otel.ports import Control, JobStatus

if TYPE_CHECKING:
    from fuse_otel.assembly.workers import Workers
    from fuse_otel.config.settings import Settings
    from fuse_otel.instrumentation.log import Stream

_LOOK = 0.2  # seconds between two looks at the progress of the job
_STOPPED = "Stopped."
_GONE = 15.0  # a daemon may be restarted meanwhile; past that it is gone
GOES_ON = "the daemon or `fuse-otel once` continues it"


@dataclass(frozen=True, slots=True)
class JobEnded:
    """``beside``: a daemon does the job. ``stopped``: the user did not wait for the end.
    ``problems``: why not all of it is done, a sentence each. ``parked`` calls were refused (again).
    """

    status: JobStatus
    beside: bool
    stopped: bool = False
    problems: Sequence[str] = ()
    parked: int = 0


def carry_out(
    settings: Settings, request: JobRequest, show: Callable[[JobStatus], None], log_to: Stream
) -> JobEnded:
    """Raises ``StoreError``. ``log_to`` takes warnings where the work is done here."""
    interrupt = Interrupt()
    interrupt.listen()
    job_id, replicated = _placed(settings, request)
    if replicated:
        return _follow(settings, job_id, show, interrupt)
    here = _Here(settings, request, log_to)
    try:
        workers = here.open()
    except Busy:
        here.close()
        return _follow(settings, job_id, show, interrupt)
    try:
        return here.work(workers, job_id, show, interrupt)
    except KeyboardInterrupt:
        return JobEnded(JobStatus(job_id, "working", ""), beside=False, stopped=True)
    finally:
        workers.close()
        here.close()


def confirmed(question: str) -> bool:
    """Whether the user of the terminal answers with yes."""
    try:
        answer = input(f"{question} permanently? [y/N] ")
    except EOFError:
        return False
    return answer.strip().lower() in {"y", "yes"}


def silent(_progress: JobStatus) -> None:
    """For a job of a second or two: nothing to show on the way."""


def stopped(sentence: str = f"Stopped. The job is kept: {GOES_ON}.") -> int:
    """The exit code of a command whose user did not wait for the end of its job."""
    complain(sentence)
    leave_if_hung(INTERRUPTED)
    return INTERRUPTED


def _placed(settings: Settings, request: JobRequest) -> tuple[int, bool]:
    """The id of the job, and whether a replica does it: no lock keeps a command from a shared
    store, and this shell may lack their settings. An equal job that is not done yet is continued.
    """
    from fuse_otel.assembly import parts  # noqa: PLC0415 - opens the store

    job = encode_request(request)
    with closing(parts.store(settings, time.time)) as store:
        control = store.control
        same = (job_id for job_id, other in control.open_jobs() if other == job)
        found = next(same, None)
        job_id = control.add_job(job, time.time()).id if found is None else found
        return job_id, store.shared and control.lock_holder() is not None


def _follow(
    settings: Settings, job_id: int, show: Callable[[JobStatus], None], interrupt: Interrupt
) -> JobEnded:
    from fuse_otel.assembly.parts import open_control  # noqa: PLC0415 - opens the store

    with open_control(settings) as control:
        alone_since: float | None = None
        while True:
            status = _status_of(control, job_id)
            show(status)
            if not status.open or interrupt.stopping:
                return JobEnded(status, beside=True, stopped=status.open)
            now = time.monotonic()
            alone_since = None if control.lock_holder() else alone_since or now
            if alone_since is not None and now - alone_since > _GONE:
                why = f"The daemon has ended before the job was done: {GOES_ON}."
                return JobEnded(status, beside=True, problems=[why])
            time.sleep(_LOOK)


class _Here:
    """The work in this process: no other process holds the store."""

    def __init__(self, settings: Settings, request: JobRequest, log_to: Stream) -> None:
        from fuse_otel.assembly.workers import readiness  # noqa: PLC0415 - the whole daemon
        from fuse_otel.instrumentation import fan_out  # noqa: PLC0415
        from fuse_otel.instrumentation.log import Log, route_libraries  # noqa: PLC0415

        self._settings = settings
        self._request = request
        level = "error" if settings.log_level == "error" else "warn"
        self._log = Log(log_to, level, settings.log_format)
        self._undo = route_libraries(self._log)
        self._state = readiness(settings)
        self._parked = 0
        self._emit = fan_out(self._log, self._state, self._count)

    def open(self) -> Workers:
        """Raises ``Busy``."""
        from fuse_otel.assembly.workers import Workers  # noqa: PLC0415 - the whole daemon

        reading = isinstance(self._request, Backfill)
        return Workers(self._settings, self._emit, reading=reading, once=True)

    def close(self) -> None:
        self._log.close()
        self._undo()

    def work(
        self,
        workers: Workers,
        job_id: int,
        show: Callable[[JobStatus], None],
        interrupt: Interrupt,
    ) -> JobEnded:
        from fuse_otel.daemon.run_once import WorkerGroup, run_once  # noqa: PLC0415 - the whole daemon

        def done() -> bool:
            status = _status_of(workers.store.control, job_id)
            show(status)
            return not status.open

        def halt() -> Sequence[str]:
            return [_STOPPED] if interrupt.stopping else ()

        interrupt.words = STOPPING
        shippers = () if isinstance(self._request, Drop | Erase) else workers.shippers
        ended = run_once(
            WorkerGroup(workers.job_worker, workers.pollers, shippers, self._emit),
            timeout=float("inf"),
            clock=workers.clock,
            sleep=interrupt.wait_for_end,
            jobs_done=done,
            down=self._state.lanes_down,
            halt=halt,
        )
        status = _status_of(workers.store.control, job_id)
        stopped = _STOPPED in ended.problems
        return JobEnded(
            status, beside=False, stopped=stopped, problems=ended.problems, parked=self._parked
        )

    def _count(self, event: Event) -> None:
        if isinstance(event, CallsParked):
            self._parked += event.count


def _status_of(control: Control, job_id: int) -> JobStatus:
    return control.job_status(job_id) or JobStatus(job_id, "failed", "The job is gone.")
