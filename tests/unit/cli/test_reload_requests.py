"""Who gets the result of which reload."""

import pytest

from fuse_otel.cli.reload_requests import ReloadRequests
from fuse_otel.errors import Stopping


def test_requests_that_come_before_the_reload_share_it():
    requests = ReloadRequests()
    first, second = requests.add("one"), requests.add("two")
    assert requests.waiting
    taken = requests.take()
    third = requests.add("three")
    assert taken.following == "two"
    taken.answer("The port is in use.")
    assert (first.result(0), second.result(0)) == ("The port is in use.",) * 2
    assert not third.done()
    requests.take().answer("")
    assert third.result(0) == ""
    assert requests.take() is None
    assert not requests.waiting


def test_a_client_that_has_given_up_stops_no_answer():
    requests = ReloadRequests()
    gone, other = requests.add("one"), requests.add("one")
    gone.cancel()
    requests.take().answer("")
    assert other.result(0) == ""


def test_at_the_end_nobody_waits():
    requests = ReloadRequests()
    before = requests.add("one")
    requests.close()
    for result in (before, requests.add("two")):
        with pytest.raises(Stopping, match="stopping"):
            result.result(0)
    assert requests.take() is None
