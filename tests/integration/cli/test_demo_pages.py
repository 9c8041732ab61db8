"""The pages of the demo's daemon."""

import re

import pytest
from support import http_client
from support.builders.recent_world import recent_world
from support.peers.waiting import wait_for

from fuse_otel.cli.commands import demo
from fuse_otel.simulator.simulated_api import SimulatedApi


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    with (
        SimulatedApi(recent_world(seed=1, rate=0.1, past=60)) as api,
        demo._service(folder, api.url, {}) as (_, url),
    ):
        yield url


ALWAYS = {
    "fuse_otel_outbox_calls", "fuse_otel_outbox_bytes", "fuse_otel_outbox_capacity_bytes",
    "fuse_otel_parked_calls", "fuse_otel_store_size_bytes", "fuse_otel_store_free_disk_bytes",
}  # fmt: skip


def test_it_has_the_metrics_of_its_store(pages):
    def has_all():
        text = http_client.get(f"{pages}/metrics").text
        return set(re.findall(r"^(\w+)", text, re.MULTILINE)) >= ALWAYS

    # The pages open before the store knows the lanes.
    assert wait_for(has_all, "the metrics of the store")


def test_it_cannot_reload_and_says_so(pages):
    answer = http_client.post(f"{pages}/-/reload")
    assert (answer.status_code, answer.text) == (
        501,
        "The demo cannot reload its configuration. Restart it.\n",
    )
