"""The call flows of the simulator's applications, from some hundred of its calls."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import msgspec

from fuse_otel.core.decoding.answers import decode_call
from fuse_otel.core.model.call import log_completeness
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.telemetry import CallSummary
from fuse_otel.ports import IndexedCall, Step, Store
from fuse_otel.simulator.world import World
from fuse_otel.store import MemoryStore
from support.builders.call_values import KEY, listed_of
from support.builders.flow_values import stepping_call
from support.builders.store_values import seen
from support.oracle.translate import transform

NOW = 1_790_000_000
_PAST = 7_200


def simulated_store() -> Store:
    """A store with all calls of two hours; the later one has version 9 of each application."""
    store = MemoryStore(1 << 30)
    calls = list(_calls())
    rows = [seen(call.session_id) for call in calls]
    store.ledger.lease("main").commit(Step(at=NOW, seen=rows, indexed=calls))
    return store


def _calls() -> Iterator[IndexedCall]:
    for number, call in enumerate(_summaries()):
        late = call.start is not None and call.start > NOW - _PAST / 2
        yield stepping_call(
            f"300060;001;{number}",
            call.modules,
            application=call.application,
            version="9" if late else call.version,
            outcome=call.outcome,
            start=call.start,
            end=call.end,
        )


@cache
def _summaries() -> tuple[CallSummary, ...]:
    world = World(seed=7, rate=0.1, past=_PAST, start=NOW)
    made = []
    for call in world.starting(NOW - _PAST, NOW - 900):
        if call.log:
            log, _ = decode_call(msgspec.json.encode(world.entries(call.session_id)))
            listed = listed_of(call, KEY)
            details = log_completeness(listed, log)
            made.append(transform(listed, log, details, ModelOptions()).summary)
    return tuple(made)
