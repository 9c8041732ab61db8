"""Which of the processes on one database exports the gauges of the store."""

from contextlib import closing

import pytest
from support.builders.loaded_settings import settings

from fuse_otel.assembly.workers import Workers
from fuse_otel.events import unheard


@pytest.fixture
def workers(postgres):
    """Opens those of a process without accounts."""
    with postgres.store() as url:
        loaded = settings({"FUSE_OTEL_STATE_URL": url})
        yield lambda **options: closing(Workers(loaded, unheard, reading=False, **options))


def test_a_command_that_is_the_oldest_replica_leaves_the_gauges_to_a_daemon(workers):
    with workers(once=True) as command, workers() as daemon, workers() as other:
        found = [each.store.control.status() for each in (command, daemon, other)]
        assert [each.alive for each in found[0].replicas] == [True, True, True]
        assert [each.exports for each in found[0].replicas] == [False, True, True]
    assert [each.is_exported_here for each in found] == [False, True, False]
