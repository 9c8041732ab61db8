"""An account with hours of calls, a back end, and the settings of a daemon between them."""

import pytest
from support.builders.recent_world import recent_world
from support.fakes.otlp_receiver import OtlpReceiver
from support.rigs.command_results import HOUR
from support.rigs.program import pointed_at

from fuse_otel.simulator.simulated_api import SimulatedApi

QUICK = {
    "FUSE_OTEL_POLL_INTERVAL": "1s",
    "FUSE_OTEL_SETTLE": "1s",
    "FUSE_OTEL_GROW": "0",
    "FUSE_OTEL_SINCE": "5m",
}


@pytest.fixture
def api():
    with SimulatedApi(recent_world(seed=5, rate=0.02, past=5 * HOUR)) as api:
        yield api


@pytest.fixture
def receiver():
    with OtlpReceiver() as receiver:
        yield receiver


@pytest.fixture
def env(api, receiver, tmp_path):
    return pointed_at(api, tmp_path, receiver.url, **QUICK)
