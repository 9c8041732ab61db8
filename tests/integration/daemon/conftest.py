"""Fixtures of the tests with daemons."""

import pytest
from support.rigs.replica_rig import ReplicaRig


@pytest.fixture
def rig(tmp_path, postgres):
    """For replicas on a database of their own, with an API and a back end that work."""
    with ReplicaRig(1, tmp_path, postgres, postgres._new_schema()) as made:
        made.behave()
        yield made
    assert "Traceback" not in made.logs()
