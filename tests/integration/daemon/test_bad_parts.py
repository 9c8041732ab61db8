"""The whole daemon before an API that answers everything but one call's log, or one second."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from support.fakes.otlp_receiver import OtlpReceiver
from support.fakes.plain_api import PlainApi, Trouble
from support.fakes.raw_http import RawServer
from support.rigs.onlooker import Onlooker
from support.rigs.program import environment, running

pytestmark = pytest.mark.proof

SETTINGS = {
    "FUSE_OTEL_EMAIL": "a@example.com",
    "FUSE_OTEL_DEVELOPER_KEY": "k",
    "FUSE_OTEL_LISTEN": "127.0.0.1:0",
    "FUSE_OTEL_SINCE": "1h",
    "FUSE_OTEL_POLL_INTERVAL": "1s",
    "FUSE_OTEL_SETTLE": "1s",
    "FUSE_OTEL_GROW": "0",
    "FUSE_OTEL_MAX_REQUESTS_PER_SECOND": "50",
}


class Rig:
    def __init__(self, api, receiver, daemon):
        self.api, self.receiver, self.daemon = api, receiver, daemon
        self.onlooker = Onlooker(daemon.url)

    def delivered(self, wanted):
        self.daemon.wait_for(lambda: set(wanted) <= self.receiver.sessions())

    def shows(self, line):
        self.daemon.wait_for(lambda: self.onlooker.shows(line))


@contextmanager
def rig(tmp_path, api):
    with RawServer(api) as peer, OtlpReceiver() as receiver:
        env = environment(
            FUSE_OTEL_API_URL=f"{peer.url}/api",
            FUSE_OTEL_STATE_URL=f"sqlite:///{tmp_path / 'state.db'}",
            OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
            **SETTINGS,
        )
        with running(env=env, folder=tmp_path) as daemon:
            made = Rig(api, receiver, daemon)
            yield made
            made.onlooker.stop()
            assert daemon.end() == 0
        assert receiver.duplicates() == {}
        assert "Traceback" not in daemon.log


@pytest.mark.parametrize("trouble", [Trouble.HANG, Trouble.TRICKLE])
def test_lists_and_other_calls_go_on_while_the_log_of_one_call_is_not_answered(tmp_path, trouble):
    api = PlainApi()
    good = [api.add(f"good;{n}", ago=60 * n) for n in range(1, 4)]
    api.bad_logs[api.add("bad;1", ago=100)] = trouble
    with rig(tmp_path, api) as here:
        here.daemon.wait_for(lambda: api.lists_meanwhile >= 3)
        good.append(api.add("good;new", ago=5))
        here.delivered(good)
        here.shows('fuse_otel_failing_calls{account="default"} 1')
        here.shows('fuse_otel_account_up{account="default"} 1')
        assert "bad;1" not in here.receiver.sessions()


def test_calls_whose_logs_are_answered_with_an_error_delay_no_other_and_come_later(tmp_path):
    api = PlainApi()
    good = [api.add(f"good;{n}", ago=20 * n) for n in range(1, 60)]
    kinds = [Trouble.CLOSE, Trouble.FORBIDDEN, Trouble.FAILED, Trouble.HTML, Trouble.CUT]
    for n, trouble in enumerate([*kinds, Trouble.THROTTLED]):
        api.bad_logs[api.add(f"bad;{n}", ago=30 + 150 * n)] = trouble
    with rig(tmp_path, api) as here:
        here.delivered(good)
        here.delivered([api.add(f"good;new{n}", ago=5 + n) for n in range(9)])
        here.shows('fuse_otel_failing_calls{account="default"} 6')
        here.shows('fuse_otel_account_up{account="default"} 1')
        bad = list(api.bad_logs)
        assert not set(bad) & here.receiver.sessions()
        api.bad_logs = {}
        here.delivered(bad)


def test_a_second_of_the_list_that_always_fails_becomes_a_gap_of_seconds(tmp_path):
    api = PlainApi()
    good = [api.add(f"good;{n}", ago=40 * n) for n in range(1, 60)]
    api.bad_lists[api.add("bad;1", ago=100)] = Trouble.FORBIDDEN
    with rig(tmp_path, api) as here:
        here.delivered(good)
        here.delivered([api.add(f"good;new{n}", ago=5 + n) for n in range(9)])
        here.daemon.wait_for(lambda: gap_seconds(here) <= 10)
        here.shows('fuse_otel_account_up{account="default"} 1')
        assert "bad;1" not in here.receiver.sessions()


def test_lists_that_all_fail_take_the_account_down_with_a_reason(tmp_path):
    api = PlainApi()
    api.bad_lists = AnyCall(Trouble.FORBIDDEN)
    api.add("good;1", ago=60)
    with rig(tmp_path, api) as here:
        here.shows('fuse_otel_account_up{account="default"} 0')
        here.daemon.wait_for(lambda: "403" in here.onlooker.text("/-/ready"))
        api.bad_lists = {}
        here.delivered(["good;1"])
        here.shows('fuse_otel_account_up{account="default"} 1')


class AnyCall(dict):
    def __init__(self, trouble):
        super().__init__()
        self.trouble = trouble

    def __contains__(self, _):
        return True

    def __getitem__(self, _):
        return self.trouble


def gap_seconds(here):
    lines = here.onlooker.text("/metrics").splitlines()
    found = [line for line in lines if line.startswith("fuse_otel_gap_seconds{")]
    return float(found[0].split()[-1])
