"""The metrics after thousands of calls of many applications, as the simulator draws them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import msgspec
from msgspec.structs import replace

from fuse_otel.core.decoding.answers import decode_call
from fuse_otel.core.model.call import log_completeness
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import CallSummary
from fuse_otel.events import CallsStored
from fuse_otel.instrumentation.metrics import Metrics
from fuse_otel.simulator.world import World
from support.builders.call_values import KEY, listed_of
from support.oracle.translate import transform

NOW = 1_790_000_000
_PAST = 7200
_DRAWN = 250
_TRACE = "0af7651916cd43dd8448eb211c80319c"


def many_calls(metrics: Metrics, calls: int, copies: int) -> None:
    """Count so many live calls of the simulator's applications, each of which exists ``copies``
    times under different names.
    """
    drawn = list(_summaries())
    for number in range(calls // len(drawn)):
        batch = [
            replace(call, application=f"{call.application} {number % copies}", end=NOW - 20)
            for call in drawn
        ]
        metrics(CallsStored("main", NOW, tuple(batch), (_TRACE,) * len(batch), Tally()))


def _summaries() -> Iterator[CallSummary]:
    world = World(seed=7, rate=0.1, past=_PAST, start=NOW)
    logged = (call for call in world.starting(NOW - _PAST, NOW) if call.log)
    for call in islice(logged, _DRAWN):
        log, _ = decode_call(msgspec.json.encode(world.entries(call.session_id)))
        listed = listed_of(call, KEY)
        yield transform(listed, log, log_completeness(listed, log), ModelOptions()).summary
