"""The whole daemon between an API that answers anything at all and a good back end."""

from __future__ import annotations

import statistics
import time

import pytest
from support.builders.recent_world import recent_world
from support.fakes.hostile_api import HostileApi
from support.fakes.otlp_receiver import OtlpReceiver
from support.fakes.raw_http import RawServer
from support.rigs.onlooker import Onlooker, peak_memory
from support.rigs.program import pointed_at, running
from support.scale import scaled

from fuse_otel.simulator.simulated_api import SimulatedApi

BOUND = 400_000_000  # bytes of memory
SHORTEST = 0.4  # seconds: the shortest wait after a failure is half a second
SETTINGS = {
    "FUSE_OTEL_SINCE": "1h",
    "FUSE_OTEL_POLL_INTERVAL": "1s",
    "FUSE_OTEL_SETTLE": "1s",
    "FUSE_OTEL_GROW": "0",
    "FUSE_OTEL_MAX_REQUESTS_PER_SECOND": "50",
}


@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_an_api_that_answers_anything_stops_nothing_and_loses_nothing(tmp_path):
    answers = scaled(6, least=6)
    with (
        SimulatedApi(recent_world(seed=11, rate=1 / 20, past=3600)) as api,
        OtlpReceiver() as receiver,
    ):
        hostile = HostileApi(api, answers, SHORTEST)
        with RawServer(hostile) as peer:
            url = {"FUSE_OTEL_API_URL": f"{peer.url}/api"}
            env = pointed_at(api, tmp_path, receiver.url, **(SETTINGS | url))
            with running(env=env, folder=tmp_path) as daemon:
                onlooker = Onlooker(daemon.url)
                daemon.wait_for(lambda: not hostile.left, patience=60 + 10 * answers)
                ended = time.time()
                wanted = {call.session_id for call in api.truth(ended - 3000, ended - 20)}
                daemon.wait_for(lambda: wanted <= receiver.sessions(), patience=300)
                daemon.wait_for(lambda: onlooker.shows('fuse_otel_account_up{account="default"} 1'))
                errors = onlooker.shows("fuse_otel_api_errors_total{")
                onlooker.stop()
                memory = peak_memory(daemon)
                assert daemon.end() == 0
        hostile.close()
    print(  # noqa: T201 - pytest shows it with -rP
        f"{answers} hostile answers, {len(wanted)} calls, {memory / 1e6:.0f} MB,"
        f" pages in {max(onlooker.seconds):.2f} s at most"
    )
    assert errors
    assert receiver.duplicates() == {}
    assert hostile.too_soon == []
    assert statistics.quantiles(onlooker.seconds, n=10)[8] < 5
    assert memory < BOUND
    assert "Traceback" not in daemon.log
    assert "8005550100" not in daemon.log
