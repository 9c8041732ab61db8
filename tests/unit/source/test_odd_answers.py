"""Odd answers at every endpoint while the poller reads into a real store: it goes on, and once the
API is itself again every call arrives.
"""

import pytest
from support.builders.odd_logs import odd_logs
from support.rigs.poller_rig import LOGS, TRACES, PollerRig

from fuse_otel.events import CallsStored
from fuse_otel.ports import Endpoint
from fuse_otel.simulator.world import World
from fuse_otel.source.fuse_api import ApiResponse

ODD = odd_logs()
MINUTE = 60


class OddApiRig(PollerRig):
    """A rig whose API can be made to answer with any bytes."""

    def __init__(self):
        super().__init__(
            world=World(seed=7, rate=0.005, start=1_700_000_000),
            start=1_700_000_000,
            renderings=(TRACES, LOGS),
            since=MINUTE * 10,
        )
        self.odd = {}
        self._get, self._exchange.get = self._exchange.get, self.get

    def get(self, endpoint, path, query):
        answer = self._get(endpoint, path, query)
        data = self.odd.get(endpoint)
        return answer if data is None else ApiResponse(200, data, None)

    def traces(self):
        return {trace for event in self.of(CallsStored) for trace in event.trace_ids}


ALL, DETAILS = tuple(Endpoint), (Endpoint.ALL_LOGS, Endpoint.CALL)
SMALL = [name for name, data in ODD.items() if len(data) < 100_000]
LARGE = [name for name in ODD if name not in SMALL]


@pytest.mark.slow
@pytest.mark.parametrize("endpoints", [ALL, DETAILS], ids=["all", "details"])
@pytest.mark.parametrize("name", SMALL)
def test_the_poller_goes_on(name, endpoints):
    check_that_it_goes_on(name, endpoints)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "endpoints"), [*((name, ALL) for name in LARGE), ("entries-10000", DETAILS)]
)
def test_the_poller_goes_on_after_large_answers(name, endpoints):
    check_that_it_goes_on(name, endpoints)


def check_that_it_goes_on(name, endpoints):
    rig = OddApiRig()
    rig.odd = dict.fromkeys(endpoints, ODD[name])
    rig.run(2 * MINUTE)
    rig.odd = {}
    before = len(rig.traces())
    rig.run_until(lambda: len(rig.traces()) > before, within=60 * MINUTE)
