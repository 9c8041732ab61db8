"""``fuse-otel run``: the daemon as a process, its signals, its pages, its death."""

import json
import re
import signal
import socket
import time

import pytest
from support import http_client
from support.builders.recent_world import recent_world
from support.fakes.otlp_answer import status
from support.fakes.otlp_receiver import OtlpReceiver
from support.rigs.program import fuse_otel, pointed_at, running

from fuse_otel.simulator.simulated_api import SimulatedApi

PAST = 1800
REFUSED = status(400, "no such field")
QUICK = {
    "FUSE_OTEL_POLL_INTERVAL": "1s",
    "FUSE_OTEL_SETTLE": "1s",
    "FUSE_OTEL_GROW": "0",
    "FUSE_OTEL_SINCE": "30m",
}


UP = (
    'fuse_otel_account_up{account="default"} 1.0',
    'fuse_otel_lane_up{destination="default",signal="traces"} 1.0',
)


@pytest.fixture
def world():
    return recent_world(seed=5, rate=0.2, past=PAST)


def sent_once(receiver):
    return not {key: count for key, count in receiver.duplicates().items() if count > 1}


def test_calls_arrive_and_sigterm_drains(world, tmp_path):
    with SimulatedApi(world) as api, OtlpReceiver() as receiver:
        env = pointed_at(api, tmp_path, receiver.url, **QUICK)
        with running(env=env, folder=tmp_path) as daemon:
            daemon.wait_for(lambda: len(receiver.sessions()) > 100)
            assert daemon.end() == 0
        assert "stopping" in daemon.log
        assert sent_once(receiver)
        assert "Traceback" not in daemon.log


def test_without_its_port_it_leaves_no_new_store(world, tmp_path):
    with SimulatedApi(world) as api, socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        env = pointed_at(api, tmp_path, "http://127.0.0.1:9", FUSE_OTEL_LISTEN=address)
        ended = fuse_otel("run", env=env)
    assert ended.returncode == 1
    assert f"Cannot listen on {address}: Address already in use. If another" in ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_second_signal_ends_it_at_once(world, tmp_path):
    with SimulatedApi(world) as api, OtlpReceiver() as receiver:
        receiver.stop()
        env = pointed_at(api, tmp_path, receiver.url, FUSE_OTEL_SHUTDOWN_GRACE="10m", **QUICK)
        with running(env=env, folder=tmp_path) as daemon:
            daemon.wait_for(lambda: "poll done" in daemon.log)
            daemon.process.send_signal(signal.SIGTERM)
            daemon.wait_for(lambda: "stopping" in daemon.log)
            assert daemon.end() == 1


@pytest.mark.slow
def test_killed_and_started_again_everything_is_there_once(world, tmp_path):
    now = time.time()
    with SimulatedApi(world) as api, OtlpReceiver() as receiver:
        env = pointed_at(api, tmp_path, receiver.url, **QUICK)
        for kill in range(4):
            with running(env=env, folder=tmp_path) as daemon:
                time.sleep(0.5 + kill * 0.3)
                daemon.process.kill()
        # The floor is where the first daemon that lived long enough put it.
        since = now - PAST + 600
        wanted = {call.session_id for call in api.truth(since, now) if call.start > since}
        last = tmp_path / "last"
        last.mkdir()
        with running(env=env, folder=last) as daemon:
            daemon.wait_for(lambda: "poll done" in daemon.log and wanted <= receiver.sessions())
            assert daemon.end() == 0
        # A body may have been sent just before the kill and be sent again: then its bytes are the
        # same, which back ends take for one.
        bodies = {}
        for request in receiver.requests:
            for span in getattr(request.message, "resource_spans", ()):
                for each in span.scope_spans[0].spans:
                    bodies.setdefault((each.trace_id, each.span_id), set()).add(
                        each.SerializeToString(deterministic=True)
                    )
        assert {len(copies) for copies in bodies.values()} == {1}


def test_an_address_of_ipv6_is_reported_as_a_url_wants_it(world, tmp_path):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return  # this machine has none
    with SimulatedApi(world) as api, OtlpReceiver() as receiver:
        env = pointed_at(api, tmp_path, receiver.url, FUSE_OTEL_LISTEN="[::1]:0")
        with running(env=env, folder=tmp_path) as daemon:
            assert http_client.get(f"{daemon.url}/-/healthy").status_code == 200


def test_the_pages_show_how_it_is(world, tmp_path):
    with SimulatedApi(world) as api, OtlpReceiver() as receiver:
        env = pointed_at(api, tmp_path, receiver.url, **QUICK)
        with running(env=env, folder=tmp_path) as daemon:
            url = daemon.url
            # A request may have come, and its answer not be told yet.
            daemon.wait_for(lambda: all(up in http_client.get(f"{url}/metrics").text for up in UP))
            assert http_client.get(f"{url}/-/healthy").status_code == 200
            assert http_client.get(f"{url}/-/ready").status_code == 200
            metrics = http_client.get(f"{url}/metrics").text
            pages = [http_client.get(f"{url}{path}").text for path in ("/", "/status", "/calls/")]
    assert 'fuse_otel_api_requests_total{account="default",code="200",endpoint="calls"}' in metrics
    # Begun at 0, or an alert on its increase would miss the first one.
    assert 'fuse_otel_unreadable_seconds_total{account="default"} 0.0' in metrics
    assert "fuse_otel_retention_headroom_seconds" in metrics
    assert re.search(
        r'fuse_otel_exported_items_total{destination="default",signal="logs"} \d', metrics
    )
    for page in [metrics, *pages, daemon.log]:
        assert not re.search(r"(?<![\d.:;-])[2-9]\d{2}555\d{4}(?!\d)", page)
        assert api.developer_key not in page


@pytest.mark.slow
def test_a_back_end_that_refuses_everything_gets_no_more_parked_by_a_restart(world, tmp_path):
    with SimulatedApi(world) as api, OtlpReceiver(decide=lambda _: REFUSED) as receiver:
        env = pointed_at(api, tmp_path, receiver.url, FUSE_OTEL_SHUTDOWN_GRACE="1s", **QUICK)

        def held(times):
            """Both lanes, for the so manyth time; and the store knows."""
            downs = daemon.log.count('msg="lane down"')
            return downs == 2 * times and {lane["state"] for lane in lanes(env)} == {"held"}

        with running(env=env, folder=tmp_path) as daemon:
            daemon.wait_for(lambda: held(1))
            assert [lane["parked"] for lane in lanes(env)] == [9, 9]
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_for(lambda: held(2))
            assert daemon.end() == 0
        with running(env=env, folder=tmp_path) as daemon:
            daemon.wait_for(lambda: held(3))
            assert daemon.end() == 0
    assert [lane["parked"] for lane in lanes(env)] == [9, 9]


def lanes(env):
    return json.loads(fuse_otel("status", "--json", env=env).stdout)["lanes"]


@pytest.mark.slow
def test_it_is_not_ready_while_nothing_can_be_delivered(world, tmp_path):
    with SimulatedApi(world) as api, OtlpReceiver() as receiver:
        receiver.stop()
        env = pointed_at(api, tmp_path, receiver.url, **QUICK)
        with running(env=env, folder=tmp_path) as daemon:
            url = daemon.url
            daemon.wait_for(lambda: http_client.get(f"{url}/-/ready").status_code == 503)
            assert "lane default/traces" in http_client.get(f"{url}/-/ready").text
            assert http_client.get(f"{url}/-/healthy").status_code == 200


@pytest.mark.slow
def test_sighup_takes_a_good_file_and_keeps_the_old_settings_for_a_bad_one(world, tmp_path):
    with SimulatedApi(world) as api, OtlpReceiver() as receiver:
        env = pointed_at(api, tmp_path, receiver.url, **QUICK)
        file = tmp_path / "fuse-otel.toml"
        file.write_text("")
        with running("--config", str(file), env=env, folder=tmp_path) as daemon:
            daemon.wait_for(lambda: "poll done" in daemon.log)
            file.write_text("no_such_setting = 1\n")
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_for(lambda: "no_such_setting" in daemon.log)
            file.write_text('environment = "staging"\n')
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_for(lambda: daemon.log.count("listen=") == 2)
            daemon.wait_for(
                lambda: any(b"staging" in request.inflated for request in receiver.requests)
            )
            assert daemon.end() == 0
