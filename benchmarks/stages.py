"""The stages of the path of a call, each alone, as CPU time of this process.

Decode, then redact, translate and encode, then cut and compress: pure code. Commit: SQLite with all
defaults. Ship: the shipper and the HTTP client, to a back end in another process. The row ``WARM``
is no stage: it renders the same calls once their entries are kept.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from support.rigs.poller_rig import LANE, LOGS_LANE

from benchmarks.peers import Account, peers
from benchmarks.recorded import RENDERINGS, Backlog
from fuse_otel.core.batching.batch import cut
from fuse_otel.core.decoding.answers import decode_call
from fuse_otel.core.encoding.renderer import RenderedCall, Renderer
from fuse_otel.core.model.call import log_completeness
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.core.redaction.pseudonym import pseudonymise
from fuse_otel.destinations.options import OtlpOptions
from fuse_otel.destinations.otlp_http import OtlpHttp
from fuse_otel.events import unheard
from fuse_otel.ports import Lease, Step, Store
from fuse_otel.shipper import Shipper, ShipperOptions
from fuse_otel.store import open_store

ROWS = ("decode", "redact, translate, encode", "cut and compress", "commit", "ship")
WARM = "redact, translate, encode: warm"
CAPACITY = 1 << 33
_PATIENCE = 600.0
_UNTIL_WARM = 3  # times: an entry is kept at second sight, and then its execution is
T = TypeVar("T")
_QUIET = Account(1e-9, 1.0, start=1_700_000_000, now=1_700_000_000)


def stages(backlog: Backlog) -> dict[str, float]:
    """Row → CPU seconds."""
    seconds, rendered = _pure(backlog)
    groups = [[rendered[row.session_id] for row in step.seen] for step in backlog.steps]
    seconds["cut and compress"], _ = timed(lambda: [cut(r, g) for g in groups for r in RENDERINGS])
    with tempfile.TemporaryDirectory() as folder:
        store = opened(Path(folder))
        lease = store.ledger.lease("a")
        seconds["commit"], _ = timed(lambda: commit(lease, backlog.steps))
        seconds["ship"] = _ship(store, backlog)
        store.close()
    return seconds


def _pure(backlog: Backlog) -> tuple[dict[str, float], dict[str, RenderedCall]]:
    renderer = Renderer(ModelOptions(), RENDERINGS)
    answers = [body for _, body in backlog.calls.values()]
    decoding, logs = timed(lambda: [decode_call(body)[0] for body in answers])

    def render() -> dict[str, RenderedCall]:
        found = {}
        for (record, _), log in zip(backlog.calls.values(), logs, strict=True):
            call = pseudonymise(record, b"key")
            found[record.session_id] = renderer.render(call, log, log_completeness(call, log))
        return found

    rendering, rendered = timed(render)
    for _ in range(_UNTIL_WARM):
        render()
    warm, _ = timed(render)
    return {"decode": decoding, "redact, translate, encode": rendering, WARM: warm}, rendered


def pure_code(backlog: Backlog, session_ids: Sequence[str], renderer: Renderer) -> None:
    """Decode, render and cut these calls; the result is dropped."""
    rendered = []
    for session_id in session_ids:
        record, answer = backlog.calls[session_id]
        call, (log, _) = pseudonymise(record, b"key"), decode_call(answer)
        rendered.append(renderer.render(call, log, log_completeness(call, log)))
    for rendering in RENDERINGS:
        cut(rendering, rendered)


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """CPU seconds of this process, and the result."""
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def opened(folder: Path) -> Store:
    return open_store(f"sqlite:///{folder / 'state.db'}", capacity=CAPACITY, clock=time.time)


def commit(lease: Lease, steps: Sequence[Step]) -> None:
    """As the poller does it: look the calls up, then commit. The first lease of a store checks its
    whole file: that belongs to the start.
    """
    for step in steps:
        ids = [row.session_id for row in step.seen]
        if ids:
            lease.look_up(ids)
        lease.commit(step)


def _ship(store: Store, backlog: Backlog) -> float:
    """CPU seconds until the back end has acknowledged everything."""
    with peers(_QUIET) as back_end:
        urls = {signal: f"{back_end.sink_url}/v1/{signal}" for signal in Signal}
        destination = OtlpHttp(OtlpOptions("back end", urls))
        shippers = [
            Shipper(lane, store.outbox, destination, unheard, lambda: 0.5, ShipperOptions())
            for lane in (LANE, LOGS_LANE)
        ]
        seconds, _ = timed(lambda: [_until_idle(shipper) for shipper in shippers])
        destination.close()
        received = back_end.received()
    expected = backlog.items(Signal.TRACES), backlog.items(Signal.LOGS)
    if (received.spans, received.records) != expected:
        raise RuntimeError(f"{received.spans, received.records} arrived instead of {expected}")
    return seconds


def _until_idle(shipper: Shipper) -> None:
    end = time.monotonic() + _PATIENCE
    while not shipper.idle and time.monotonic() < end:
        wake = shipper.step(time.time())
        time.sleep(max(0.0, min(wake - time.time(), 0.05)))
