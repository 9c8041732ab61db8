"""The whole daemon between a good back end and two that answer anything at all."""

from __future__ import annotations

import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from support.builders.recent_world import recent_world
from support.fakes.grpc_receiver import GrpcReceiver
from support.fakes.hostile_answers import hostile_grpc, hostile_http
from support.fakes.otlp_receiver import OtlpReceiver
from support.fakes.otlp_request import Request, string
from support.rigs import impatient_program
from support.rigs.command_results import looking
from support.rigs.onlooker import Onlooker, peak_memory
from support.rigs.program import pointed_at, running
from support.scale import scaled

from fuse_otel.simulator.simulated_api import SimulatedApi

PROGRAM = [impatient_program.__file__]
BOUND = 400_000_000  # bytes of memory
SETTINGS = {
    "FUSE_OTEL_SINCE": "1h",
    "FUSE_OTEL_POLL_INTERVAL": "1s",
    "FUSE_OTEL_SETTLE": "1s",
    "FUSE_OTEL_GROW": "0",
    "FUSE_OTEL_MAX_REQUESTS_PER_SECOND": "50",
    "OTEL_EXPORTER_OTLP_TIMEOUT": "2000",
}
CONFIGURATION = """
[[destinations]]
name = "good"
endpoint = "{good.url}"

[[destinations]]
name = "http"
endpoint = "{http.url}"
timeout = 2

[[destinations]]
name = "grpc"
protocol = "grpc"
endpoint = "{grpc.url}"
timeout = 2
"""


class Hostile:
    """Answers the first ``count`` requests of each signal with whatever is drawn."""

    def __init__(self, draw: Any, count: int) -> None:
        self._draw = draw
        self._left = {"/v1/traces": count, "/v1/logs": count}
        self._random = Random(7)
        self._lock = threading.Lock()
        self._last: dict[bytes, float] = {}
        self.too_soon: list[float] = []

    def __call__(self, request: Request) -> Any:
        with self._lock:
            now = time.monotonic()
            waited = now - self._last.get(request.inflated, 0.0)
            if waited < impatient_program.FIRST_WAIT / 2:
                self.too_soon.append(waited)
            self._last[request.inflated] = now
            if not self._left[request.path]:
                return None
            self._left[request.path] -= 1
            return self._draw(self._random, long_waits=False)

    @property
    def left(self) -> int:
        return sum(self._left.values())


def unequal_copies(receiver: OtlpReceiver | GrpcReceiver) -> dict[tuple[str, str], int]:
    """Spans and records that came in different bytes: a back end would show them twice."""
    found: dict[tuple[str, str], set[bytes]] = defaultdict(set)
    for request in receiver.requests:
        members = (*request.spans, *request.records)
        for key, member in zip(request.keys, members, strict=True):
            found[key].add(member.SerializeToString(deterministic=True))
    return {key: len(copies) for key, copies in found.items() if len(copies) > 1}


@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_two_back_ends_that_answer_anything_stop_nothing_and_lose_nothing(tmp_path):
    hostile_requests = scaled(8, least=6)
    over_http, over_grpc = (
        Hostile(each, hostile_requests) for each in (hostile_http, hostile_grpc)
    )
    world = recent_world(seed=11, rate=1 / 10, past=3600)
    with (
        SimulatedApi(world) as api,
        OtlpReceiver() as good,
        OtlpReceiver(decide=over_http) as http,
        GrpcReceiver(decide=over_grpc) as grpc,
    ):
        file = tmp_path / "fuse-otel.toml"
        file.write_text(CONFIGURATION.format(good=good, http=http, grpc=grpc))
        env = pointed_at(api, tmp_path, "", FUSE_OTEL_CONFIG=str(file), **SETTINGS)
        with running(env=env, folder=tmp_path, program=PROGRAM) as daemon:
            onlooker = Onlooker(daemon.url)
            daemon.wait_for(lambda: over_http.left + over_grpc.left == 0, patience=600)
            ended = time.time()
            # Not the oldest: the daemon reads an hour, and begins later than the account.
            wanted = {call.session_id for call in api.truth(ended - 3000, ended - 20)}
            daemon.wait_for(lambda: wanted <= good.sessions())
            everything = {key: call for key, call in kept(good).items() if call in wanted}
            hostile = {"http": http, "grpc": grpc}
            daemon.wait_for(lambda: not missing(everything, hostile, env), patience=600)
            onlooker.stop()
            memory = peak_memory(daemon)
            assert daemon.end() == 0
    print(  # noqa: T201 - pytest shows it with -rP
        f"{4 * hostile_requests} hostile answers, {len(wanted)} calls, {memory / 1e6:.0f} MB,"
        f" pages in {max(onlooker.seconds):.2f} s at most"
    )
    assert good.duplicates() == {}
    assert unequal_copies(http) == unequal_copies(grpc) == {}
    assert over_http.too_soon == over_grpc.too_soon == []
    assert onlooker.down == {"http", "grpc"}
    assert statistics.quantiles(onlooker.seconds, n=10)[8] < 5
    assert memory < BOUND
    assert "Traceback" not in daemon.log
    assert "unexpected error" not in daemon.log
    assert 'reason="unexpected' not in daemon.log


def kept(receiver: OtlpReceiver | GrpcReceiver) -> dict[tuple[str, str], str]:
    """Spans and records by their keys, each with its call."""
    return {
        key: string(member.attributes, "session.id")
        for request in receiver.requests
        if request.kept
        for key, member in zip(request.keys, (*request.spans, *request.records), strict=True)
    }


def missing(
    wanted: Mapping[tuple[str, str], str], receivers: Mapping[str, Any], env: Mapping[str, str]
) -> list[str]:
    """The calls of which a back end has not all spans and records, and that are not parked."""
    with looking(env) as control:
        parked = {(one.lane.destination, one.call.session_id) for one in control.parked(100_000)}
    return [
        f"{name}: {session}"
        for name, receiver in receivers.items()
        for session in {wanted[key] for key in wanted.keys() - kept(receiver).keys()}
        if (name, session) not in parked
    ]
