"""Loki holds the simulator's calls, and refuses what a stock Loki refuses.

Every test runs with a fake that behaves as the real Loki was measured, and again with the real one
that ``TEST_LOKI_URL`` names.
"""

import json
import time
from collections import Counter
from contextlib import contextmanager

import pytest
from google.rpc.status_pb2 import Status
from support.peers import found_lines
from support.peers.account import HOUR, account
from support.peers.ages import (
    AGES,
    DAY,
    calls_of_five_days,
    deliver_one_by_one,
    living_account,
    picked_account,
)
from support.peers.fake_loki import FakeLoki
from support.peers.log_request import post, record, request
from support.peers.loki import RealLoki
from support.peers.page import table
from support.peers.waiting import wait_for
from support.rigs.program import fuse_otel, running
from support.scale import scaled

pytestmark = pytest.mark.slow

ROUTES = ["straight", "collector", "collector over grpc"]
ORDERS = ["oldest first", "newest first"]
DETECTED = {"DEBUG": "debug", "INFO": "info", "ERROR": "error"}


@pytest.fixture(scope="module", params=["fake", "real"])
def loki(request):
    if request.param == "real":
        yield RealLoki()
        return
    with FakeLoki() as fake:
        yield fake


def straight(loki, tenant, **more):
    """The settings that lead to Loki."""
    return {
        "FUSE_OTEL_SINCE": "5d",
        "OTEL_TRACES_EXPORTER": "none",
        "OTEL_EXPORTER_OTLP_ENDPOINT": loki.otlp,
        "OTEL_EXPORTER_OTLP_HEADERS": f"X-Scope-OrgID={tenant}",
        **more,
    }


@contextmanager
def way_to(loki, collector, route, tenant):
    settings = straight(loki, tenant, FUSE_OTEL_LOGS_FLAVOUR="loki")
    if route == "straight":
        yield settings
        return
    exporter = {"type": "otlphttp", "endpoint": loki.otlp, "headers": {"X-Scope-OrgID": tenant}}
    with collector({"logs": exporter}, queue=True) as between:
        port, protocol = ("grpc", "grpc") if route.endswith("grpc") else ("http", "http/protobuf")
        yield settings | {
            "OTEL_EXPORTER_OTLP_ENDPOINT": between.url(port),
            "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        }


class Held:
    """What Loki holds of one test's calls."""

    def __init__(self, loki, tenant, past=6 * DAY):
        self._loki, self._tenant, self._past = loki, tenant, past
        self.everything = f'{{deployment_environment_name="{tenant}"}}'

    def lines(self, stages=""):
        now = time.time()
        query = f"{self.everything} {stages}"
        return self._loki.lines(self._tenant, query, now - self._past, now + 60)

    def by_trace(self):
        return found_lines.of_loki(self.lines())

    def streams(self):
        return self._loki.streams(self._tenant, self.everything, time.time() - self._past)


@pytest.fixture(scope="module", params=ROUTES)
def delivered(request, loki, collector, tmp_path_factory, run_name):
    tenant = f"{run_name}-{request.param.replace(' ', '-')}"
    with (
        way_to(loki, collector, request.param, tenant) as settings,
        account(tenant, tmp_path_factory.mktemp("daemon"), 40) as calls,
    ):
        calls.deliver("", **settings)
        expected = calls.expected()
        held = Held(loki, tenant)
        records = sum(len(call.records) for call in expected.values())
        wait_for(lambda: len(held.lines()) >= records, "every log record")
        yield held, expected


def test_every_log_record_is_found_in_its_order(delivered):
    held, expected = delivered
    assert len(expected) > 25
    assert held.by_trace() == meant(expected)


def test_a_person_searches_for_lines(delivered):
    held, expected = delivered
    texts = Counter(record.severity_text for call in expected.values() for record in call.records)
    assert set(texts) == set(DETECTED)
    for text, level in DETECTED.items():
        lines = held.lines(f'| detected_level="{level}"')
        assert {line.labels["severity_text"] for line in lines} == {text}
        assert len(lines) == texts[text]
    for call in expected.values():
        found = held.lines(f'| service_name="{call.service}" | trace_id="{call.trace_id}"')
        assert len(found) == len(call.records)


@pytest.mark.parametrize("order", ORDERS)
def test_calls_of_every_age_are_stored_once(order, loki, tenant, run_name, tmp_path):
    name = f"{run_name}-{tenant}"
    ages = list(AGES) if order == "newest first" else list(reversed(AGES))
    settings = straight(loki, name, FUSE_OTEL_LOGS_FLAVOUR="loki")
    expected = deliver_one_by_one(name, tmp_path, time.time(), ages, **settings)
    records = meant({call.trace_id: call for call in expected.values()})
    wait_for(lambda: stored(loki, name) == records, "every log record")


def test_a_request_with_a_refused_record_is_a_400_and_its_other_records_are_stored(
    loki, tenant, run_name
):
    name, now = f"{run_name}-{tenant}", time.time()

    def answer(*records):
        return post(loki.otlp, request(name, *records), X_Scope_OrgID=name)

    taken = answer(record(now, "newest"))
    assert (taken.status_code, taken.content) == (204, b"")
    late = answer(record(now - 2 * HOUR, "late"), record(now - HOUR / 2, "within an hour"))
    assert late.status_code == 400
    assert "entry too far behind" in Status.FromString(late.content).message
    old = answer(record(now - 8 * DAY, "old"), record(now, "beside it"))
    assert old.status_code == 400
    assert "has timestamp too old" in Status.FromString(old.content).message
    stored = {"newest", "within an hour", "beside it"}
    wait_for(lambda: {line.text for line in Held(loki, name).lines()} == stored, "the others")


def test_what_loki_refuses_is_parked_and_replayed_with_its_flavour(
    loki, tenant, run_name, tmp_path
):
    name, now = f"{run_name}-{tenant}", time.time()
    late = {"2 h", "26 h", "4.9 days"}
    settings = straight(loki, name)
    generic = settings | {"FUSE_OTEL_LOGS_FLAVOUR": "generic"}
    expected = deliver_one_by_one(name, tmp_path, now, list(AGES), **generic)
    with picked_account(name, tmp_path, now, []) as nothing:
        told = fuse_otel("parked", "list", "--json", env=nothing.settings("", **generic))
        parked = json.loads(told.stdout)
        refused = {each["session_id"] for each in parked}
        assert refused == {expected[age].call.session_id for age in late}
        assert all("entry too far behind" in each["reason"] for each in parked)
        flavoured = nothing.settings("", **settings, FUSE_OTEL_LOGS_FLAVOUR="loki")
        replayed = fuse_otel("parked", "replay", "--all", env=flavoured)
        assert replayed.returncode == 0, replayed.stderr
        left = fuse_otel("parked", "list", "--json", env=flavoured)
        assert json.loads(left.stdout) == []
    records = meant({call.trace_id: call for call in expected.values()})
    wait_for(lambda: stored(loki, name) == records, "every log record")


def test_five_days_are_read_beside_the_present(loki, tenant, run_name, tmp_path):
    """A first start reads five days while people go on calling."""
    name, now = f"{run_name}-{tenant}", time.time()
    settings = straight(loki, name, FUSE_OTEL_LOGS_FLAVOUR="loki", FUSE_OTEL_POLL_INTERVAL="2")
    with living_account(name, tmp_path, now, calls_of_five_days(now, scaled(1))) as account:
        with running(env=account.settings("", **settings), folder=tmp_path):
            wait_for(lambda: account.ended_since(now), "a call of the present", 120)
            account.until = time.time()
            expected = {i: call for i, call in account.expected().items() if call.records}
            assert len(expected) > 100
            wait_for(
                lambda: stored(loki, name).keys() >= expected.keys(), "the lines of every call", 180
            )
        account.until = time.time()
        possible = account.expected()
    found = stored(loki, name)
    assert found == meant({trace_id: possible[trace_id] for trace_id in found})
    hours = {
        (possible[i].service, record.time_unix_nano // int(HOUR * 1e9))
        for i in found
        for record in possible[i].records
    }
    assert Held(loki, name).streams() == len(hours)


def test_a_lane_waits_while_loki_takes_no_more_streams(tenant, tmp_path):
    """Loki keeps what is within its limit of active streams. Nothing is parked or lost."""
    now = time.time()
    picked = calls_of_five_days(now, 1)
    with FakeLoki(max_streams=len(picked) - 20) as loki:
        settings = straight(loki, tenant, FUSE_OTEL_LOGS_FLAVOUR="loki")
        with picked_account(tenant, tmp_path, now, picked[: len(picked) // 2]) as account:
            account.deliver("", **settings)
        assert loki.refusals == []
        with picked_account(tenant, tmp_path, now, picked) as account:
            env, records = account.settings("", **settings), meant(account.expected())
            with running(env=env, folder=tmp_path):
                wait_for(lambda: loki.refusals, "an answer of 429")
                loki.let_streams_go_idle()
                wait_for(lambda: stored(loki, tenant) == records, "every log record")
            told = fuse_otel("parked", "list", "--json", env=env)
        assert all("Maximum active stream limit exceeded" in each for each in loki.refusals)
        assert json.loads(told.stdout) == []


def test_the_limits_on_the_page_are_those_of_a_stock_loki(loki):
    limits = loki.limits()
    rows = {row[0]: row[1] for row in table("Tempo and Loki") if row[0] in limits}
    assert len(rows) == 6
    assert {name: limits[name] for name in rows} == rows


def meant(calls):
    return {
        trace_id: [found_lines.with_underscores(line) for line in lines]
        for trace_id, lines in found_lines.of_calls(calls).items()
    }


def stored(loki, tenant):
    """All lines of the tenant by trace, whatever their age."""
    loki.flush()
    return Held(loki, tenant).by_trace()
