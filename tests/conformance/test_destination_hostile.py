"""Whatever a back end answers, a destination gives one of the export results, and knows why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from support.builders.ship_values import encoded
from support.fakes.hostile_answers import hostile_grpc, hostile_http
from support.fakes.otlp_protocols import GRPC, HTTP, OtlpProtocol
from support.scale import scaled

from fuse_otel.core.batching.gzip_member import deflate
from fuse_otel.core.model.telemetry import Signal

DATA = deflate(encoded(Signal.TRACES, "a", items=2))
LONGEST_REASON = 300


@pytest.mark.proof
@pytest.mark.parametrize(
    ("protocol", "draw"), [(HTTP, hostile_http), (GRPC, hostile_grpc)], ids=["http", "grpc"]
)
def test_every_answer_is_understood_or_named(
    protocol: OtlpProtocol, draw: Callable[[Random], Any]
) -> None:
    """``error`` is the code of an exception that no rule covers."""
    found: Counter[str] = Counter()
    for start in range(0, scaled(600), 200):
        with protocol.receiver() as receiver:
            destination = protocol.to(receiver.url, timeout=5.0)
            for seed in range(start, start + 200):
                receiver.then(draw(Random(1_000_000 + seed)))
                result = destination.send(Signal.TRACES, DATA, 2)
                assert result.code != "error", (seed, result)
                assert len(getattr(result, "reason", "")) <= LONGEST_REASON, seed
                found[type(result).__name__] += 1
            destination.close()
    print(dict(found))  # noqa: T201 - pytest shows it with -rP
    assert len(found) >= 5
