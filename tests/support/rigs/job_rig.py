"""A job worker over a real store, with parked calls of real telemetry."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from fuse_otel.core.batching.batch import Batch, CallSlice
from fuse_otel.core.batching.gzip_member import deflate, inflate
from fuse_otel.core.model.lane import Lane, Rendering
from fuse_otel.core.model.telemetry import Profile, Signal
from fuse_otel.events import Event
from fuse_otel.jobs.job import JobRequest, encode_request
from fuse_otel.jobs.replay import ReplayLanes
from fuse_otel.jobs.worker import JobWorker
from fuse_otel.ports import Acknowledgement, Control, JobStatus, ParkedCopy, Step, Store
from support.builders.store_values import JAEGER, LOKI, NOW, TEMPO
from support.oracle.telemetry import Telemetry
from support.oracle.writer import encode_logs, encode_traces
from support.rigs.web_site import telemetry

LANES = {TEMPO: Profile.GENERIC, JAEGER: Profile.GENERIC, LOKI: Profile.LOKI}
STREAM = "service.instance.id"
FAR = 10**9


def call(session_id: str) -> Telemetry:
    return telemetry(session_id, trace=crc32(session_id.encode()) + 1)


def encoded(lane: Lane, session_id: str, profile: Profile) -> bytes:
    if lane.signal is Signal.TRACES:
        return encode_traces(call(session_id))
    return encode_logs(call(session_id), profile, STREAM)


class JobRig:
    """``profiles`` are the lanes there are. ``control`` may stand in the store's place."""

    def __init__(
        self,
        store: Store,
        control: Control | None = None,
        profiles=LANES,
        accounts=None,
        *,
        shared: bool = False,
    ) -> None:
        self.store = store
        self.events: list[Event] = []
        self.states = None
        self.worker = JobWorker(
            control or store.control,
            {"main": ()} if accounts is None else accounts,
            ReplayLanes(profiles, STREAM),
            self.events.append,
            lambda: 0.5,
            lambda: self.states,
            shared=shared,
        )

    def job(self, request: JobRequest) -> int:
        return self.store.control.add_job(encode_request(request), float(NOW)).id

    def run(self, steps: int = 1000) -> None:
        """Until there is nothing more to do at once."""
        for _ in range(steps):
            if self.worker.step(NOW) > NOW:
                return
        raise AssertionError("it goes round in circles")

    def done(self, request: JobRequest) -> JobStatus:
        job_id = self.job(request)
        self.run()
        return self.status(job_id)

    def status(self, job_id: int) -> JobStatus:
        status = self.store.control.job_status(job_id)
        assert status is not None
        return status

    @property
    def parked(self) -> list[str]:
        calls = self.store.control.parked(FAR)
        return [each.call.session_id for each in reversed(calls)]


def park(
    store: Store, lane: Lane, session_ids: Iterable[str], profile: Profile = Profile.GENERIC
) -> None:
    """Stored, sent and refused, one by one."""
    for session_id in session_ids:
        data = encoded(lane, session_id, profile)
        calls = (CallSlice(session_id, NOW - 60, NOW, 0, len(data), items=5),)
        rendering = Rendering("x", lane.signal, profile, (lane,))
        new = Batch(rendering, deflate(data), len(data), calls)
        store.ledger.lease("main").commit(Step(at=NOW, batches=[new]))
        refuse(store, lane)


def refuse(store: Store, lane: Lane) -> None:
    """All that is due for the lane, call by call."""
    for body in store.outbox.due(lane, NOW, FAR):
        inflated = inflate(body.data)
        copies = tuple(
            ParkedCopy(
                each, 5, "400", "no", deflate(inflated[each.offset : each.offset + each.length])
            )
            for each in body.calls
        )
        offsets = tuple(each.offset for each in body.calls)
        store.outbox.resolve(lane, [Acknowledgement(body.id, offsets, copies)], NOW)


def due(store: Store, lane: Lane) -> dict[str, bytes]:
    """What waits for the lane: session id → its bytes. Each call once."""
    found: dict[str, bytes] = {}
    for body in store.outbox.due(lane, NOW, FAR):
        inflated = inflate(body.data)
        assert len(inflated) == body.size
        for each in body.calls:
            assert each.session_id not in found
            found[each.session_id] = inflated[each.offset : each.offset + each.length]
    return found
