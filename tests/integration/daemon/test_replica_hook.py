"""The webhook of a replica that does not read the account: the one that reads it polls."""

import time

import pytest
from support.http_client import post

# With the product's lease: a replica that stalls for three seconds keeps its account here.
PROGRAM = ("-m", "support.rigs.impatient_program")
TOKEN = "a secret of 16 characters"


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_an_announced_call_is_delivered_long_before_the_next_poll(rig):
    rig.settings |= {"FUSE_OTEL_HOOK_TOKEN": TOKEN, "FUSE_OTEL_POLL_INTERVAL": "1h"}
    before = rig.wanted(time.time() - 5).keys()  # the first poll must find them all
    reader = rig.start(PROGRAM)
    rig.wait(lambda: rig.reader() == reader.process)
    other = rig.start(PROGRAM)
    rig.wait(lambda: "account on standby" in other.daemon.log)
    rig.wait(lambda: before <= rig.traced)
    polled = time.time()

    def arrived():
        answer = post(f"{other.daemon.url}/hooks/post-call", params={"token": TOKEN})
        assert answer.status_code == 202
        return rig.traced - rig.wanted(polled).keys()

    rig.wait(arrived)
    assert rig.reader() == reader.process
