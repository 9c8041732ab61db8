"""A port for a test to have to itself."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest


@pytest.fixture
def shut_port() -> Iterator[int]:
    """Nobody listens there, and during the test no other program is given it. A server that is
    told to may listen there, and come back.
    """
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind(("127.0.0.1", 0))
        yield keeper.getsockname()[1]
