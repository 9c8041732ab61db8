"""The clock of the database, measured by asking it."""

import pytest

from fuse_otel.store.postgres.clock import DatabaseClock


class Server:
    """Its clock is ``ahead`` of the timer. An answer takes ``wait`` seconds, and is made after
    ``part`` of them.
    """

    def __init__(self):
        self.timer, self.ahead, self.wait, self.part = 50.0, 1000.0, 0.0, 0.5

    def execute(self, _query):
        self.timer += self.wait * self.part
        self._now = self.timer + self.ahead
        self.timer += self.wait * (1 - self.part)
        return self

    def fetchone(self):
        return (self._now,)


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def clock(server):
    made = DatabaseClock(lambda: server.timer)
    made.measure(server)
    return made


def test_it_goes_on_between_two_measurements(server, clock):
    assert clock() == 1050
    server.timer += 8
    assert clock() == 1058


def test_it_follows_a_server_whose_clock_was_set(server, clock):
    server.ahead = -200
    clock.measure(server)
    assert clock() == server.timer - 200


@pytest.mark.parametrize("part", [0, 0.5, 1])
def test_a_slow_answer_moves_a_right_clock_nowhere(server, clock, part):
    server.wait, server.part = 4, part
    clock.measure(server)
    assert clock() == pytest.approx(server.timer + 1000)


def test_a_slow_answer_bounds_how_wrong_it_is(server, clock):
    server.ahead, server.wait = 2000, 4
    clock.measure(server)
    assert clock() == pytest.approx(server.timer + 1998)


def test_nothing_is_due_by_a_clock_that_was_not_measured():
    with pytest.raises(RuntimeError, match="not measured"):
        DatabaseClock()()
