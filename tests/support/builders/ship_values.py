"""Real bodies to ship: every call is OTLP made by protobuf's own runtime."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from fuse_otel.core.batching.batch import Batch, CallSlice, StoredBatch
from fuse_otel.core.batching.gzip_member import deflate
from fuse_otel.core.model.lane import Lane, Rendering
from fuse_otel.core.model.telemetry import Profile, Signal
from fuse_otel.ports import Step, Store
from fuse_otel.store import MemoryStore

NOW = 1_790_000_000
TRACES = Lane("tempo", Signal.TRACES)
LOGS = Lane("loki", Signal.LOGS)
ITEMS = 2


def encoded(signal: Signal, session_id: str, items: int = ITEMS, padding: int = 0) -> bytes:
    """One call as an export request: ``items`` spans or log records."""
    digest = sha256(session_id.encode()).digest()
    message: ExportTraceServiceRequest | ExportLogsServiceRequest
    if signal is Signal.TRACES:
        message = ExportTraceServiceRequest()
        scope = message.resource_spans.add().scope_spans.add()
    else:
        message = ExportLogsServiceRequest()
        scope = message.resource_logs.add().scope_logs.add()
    for place in range(items):
        each = scope.spans.add() if signal is Signal.TRACES else scope.log_records.add()
        each.trace_id = digest[:16]
        each.span_id = (int.from_bytes(digest[16:23], "big") + place + 1).to_bytes(8, "big")
        each.attributes.add(key="session.id").value.string_value = session_id
        if signal is Signal.LOGS:
            uid = f"{digest[:16].hex()}-{place}"
            each.attributes.add(key="log.record.uid").value.string_value = uid
        each.attributes.add(key="fuse.padding").value.string_value = "x" * padding
    return bytes(message.SerializeToString())


def new_body(
    *session_ids: str, lane: Lane = TRACES, end: int | None = NOW - 10_000, padding: int = 0
) -> Batch:
    parts = [encoded(lane.signal, session, padding=padding) for session in session_ids]
    calls, offset = [], 0
    for session, part in zip(session_ids, parts, strict=True):
        calls.append(CallSlice(session, end and end - 60, end, offset, len(part), ITEMS))
        offset += len(part)
    rendering = Rendering(f"{lane.signal}/strict/generic", lane.signal, Profile.GENERIC, (lane,))
    return Batch(rendering, deflate(b"".join(parts)), offset, tuple(calls))


def stored(new: Batch, body_id: int = 1, *, without: Sequence[str] = ()) -> StoredBatch:
    """As the outbox gives it to a lane that has resolved the calls ``without``."""
    calls = tuple(call for call in new.calls if call.session_id not in without)
    signal = new.rendering.signal
    return StoredBatch(body_id, signal, new.data, new.size, calls, whole=not without)


def store_with(*bodies: Batch, capacity: int = 1 << 30) -> MemoryStore:
    store = MemoryStore(capacity)
    add(store, *bodies)
    return store


def add(store: Store, *bodies: Batch) -> None:
    lease = store.ledger.lease("main")
    lease.commit(Step(at=NOW, batches=bodies))


def sessions(calls: Iterable[CallSlice]) -> list[str]:
    return [call.session_id for call in calls]
