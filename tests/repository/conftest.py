"""What the tests of the files under ``deploy/`` share."""

import pytest
from support.peers.program_of import program


@pytest.fixture(scope="session")
def helm():
    return program("helm")
