"""From SQLite to PostgreSQL as docs/upgrade.md says: an empty database gets the last days again."""

import json

import pytest
from support.builders.recent_world import recent_world
from support.fakes.otlp_receiver import OtlpReceiver
from support.rigs.kill_rig import copies_of
from support.rigs.postgres_cluster import Cluster
from support.rigs.program import fuse_otel, pointed_at

from fuse_otel.simulator.simulated_api import SimulatedApi

HOUR = 3600
pytestmark = pytest.mark.slow


def works(*words, env):
    done = fuse_otel(*words, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_start_on_a_database_delivers_everything_again_in_the_same_bytes(
    tmp_path, postgres: Cluster
):
    quick = {"FUSE_OTEL_SINCE": "2h", "FUSE_OTEL_SETTLE": "1s", "FUSE_OTEL_GROW": "1s"}
    place = tmp_path / "database_url"
    with (
        SimulatedApi(recent_world(seed=6, rate=1 / 200, past=2 * HOUR)) as api,
        OtlpReceiver() as receiver,
        postgres.store() as url,
    ):
        env = pointed_at(api, tmp_path, receiver.url, **quick)
        works("once", env=env)
        # The step of the page: nothing waits any more, and nothing is parked.
        status = json.loads(works("status", "--json", env=env))
        assert [(lane["calls"], lane["parked"]) for lane in status["lanes"]] == [(0, 0)] * 2
        before = len(receiver.requests)
        place.write_text(f"{url}\n")
        moved = {"FUSE_OTEL_STATE_URL": "", "FUSE_OTEL_STATE_URL_FILE": str(place)}
        works("once", env=env | moved)
        first, second = (
            copies_of(part) for part in (receiver.requests[:before], receiver.requests[before:])
        )
    assert len(first) > 100
    # The second also has what was not over at the first.
    assert first.keys() <= second.keys()
    assert {key: found for key, found in first.items() if second[key] != found} == {}
