"""A scrape of a daemon that reads, stores and delivers."""

import shutil
import subprocess

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support import http_client
from support.builders.recent_world import recent_world
from support.fakes.otlp_receiver import OtlpReceiver
from support.patience import PATIENCE
from support.rigs.program import pointed_at, running

from fuse_otel.instrumentation.metric_family import MetricKind
from fuse_otel.instrumentation.metric_table import FAMILIES
from fuse_otel.simulator.simulated_api import SimulatedApi

QUICK = {
    "FUSE_OTEL_POLL_INTERVAL": "1s",
    "FUSE_OTEL_SETTLE": "1s",
    "FUSE_OTEL_GROW": "0",
    "FUSE_OTEL_SINCE": "50m",
}


@pytest.fixture(scope="module")
def scraped(tmp_path_factory):
    """The text of a scrape after calls were counted and delivered."""
    folder = tmp_path_factory.mktemp("daemon")
    world = recent_world(seed=5, rate=0.1, past=3600)
    with SimulatedApi(world) as api, OtlpReceiver() as receiver:
        env = pointed_at(api, folder, receiver.url, **QUICK)
        with running(env=env, folder=folder) as daemon:
            daemon.wait_for(lambda: all(f"fuse_{name}_total{{" in scrape(daemon) for name in SEEN))
            yield scrape(daemon)
            daemon.end()


# What a hundred calls of the simulator have, whichever they are.
SEEN = ("calls", "module_executions", "inputs", "module_transitions", "otel_exported_items")


def scrape(daemon):
    return http_client.get(f"{daemon.url}/metrics").text


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_promtool_finds_nothing_to_say(scraped):
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=scraped, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_family_has_its_type_help_and_labels(scraped):
    found = {family.name: family for family in text_string_to_metric_families(scraped)}
    types = {MetricKind.INFO: "gauge"}
    for family in FAMILIES:
        name = family.name if family.kind is MetricKind.INFO else family.base_name
        shown = found[name]
        assert shown.type == types.get(family.kind, family.kind.value), family.name
        assert shown.documentation == family.help
        for sample in shown.samples:
            assert set(sample.labels) - {"le"} == set(family.labels), family.name


def test_the_account_and_the_disk_are_there(scraped):
    assert 'fuse_calls_total{account="default",application="' in scraped
    found = {family.name: family for family in text_string_to_metric_families(scraped)}
    for name in ("fuse_otel_store_size_bytes", "fuse_otel_store_free_disk_bytes"):
        (sample,) = found[name].samples
        assert sample.value > 4096
