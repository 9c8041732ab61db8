"""Tempo holds the simulator's calls, sent to it directly or through a Collector.

Every test runs with a fake that behaves as the real Tempo was measured, and again with the real one
that ``TEST_TEMPO_URL`` names.
"""

import time
from contextlib import contextmanager

import httpx
import pytest
from support.patience import PATIENCE
from support.peers import found_spans
from support.peers.account import account
from support.peers.ages import AGES, DAY, deliver_one_by_one
from support.peers.fake_tempo import FakeTempo
from support.peers.tempo import SLACK, RealTempo
from support.peers.waiting import wait_for

pytestmark = pytest.mark.slow

ROUTES = ["straight", "straight over grpc", "collector", "collector over grpc"]
ORDERS = ["oldest first", "newest first"]
TWO_HOURS = 7200
A_MINUTE = 60
IN_A_BLOCK = 300  # seconds: a real Tempo finds an old call by a search after minutes


@pytest.fixture(scope="module", params=["fake", "real"])
def tempo(request):
    if request.param == "real":
        yield RealTempo()
        return
    with FakeTempo(SLACK) as fake:
        yield fake


@contextmanager
def way_to(tempo, collector, route, tenant):
    """The endpoint and the settings that lead to Tempo."""
    over_grpc = route.endswith("grpc")
    settings = {
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc" if over_grpc else "http/protobuf",
    }
    if route.startswith("straight"):
        headers = {"OTEL_EXPORTER_OTLP_HEADERS": f"X-Scope-OrgID={tenant}"}
        yield tempo.grpc if over_grpc else tempo.http, settings | headers
        return
    exporter = {
        "type": "otlp",
        "endpoint": tempo.grpc.removeprefix("http://"),
        "tls": {"insecure": True},
        "headers": {"X-Scope-OrgID": tenant},
    }
    with collector({"traces": exporter}, queue=True) as between:
        yield between.url("grpc" if over_grpc else "http"), settings


class Held:
    """What Tempo holds of one test's calls."""

    def __init__(self, tempo, tenant):
        self.tempo, self.tenant = tempo, tenant
        self.start, self.end = time.time() - TWO_HOURS, time.time() + A_MINUTE

    def trace(self, trace_id):
        return self.tempo.trace(self.tenant, trace_id)

    def traces(self, *conditions):
        ours = f'resource.deployment.environment.name = "{self.tenant}"'
        query = f"{{ {' && '.join((ours, *conditions))} }}"
        return self.tempo.search(self.tenant, query, self.start, self.end).keys()


@pytest.fixture(scope="module", params=ROUTES)
def delivered(request, tempo, collector, tmp_path_factory, run_name):
    tenant = f"{run_name}-{request.param.replace(' ', '-')}"
    with (
        way_to(tempo, collector, request.param, tenant) as (endpoint, settings),
        account(tenant, tmp_path_factory.mktemp("daemon"), 40) as calls,
    ):
        calls.deliver(endpoint, **settings)
        expected = calls.expected()
        held = Held(tempo, tenant)
        wait_for(lambda: all(map(held.trace, expected)), "every trace")
        wait_for(lambda: held.traces() >= expected.keys(), "every trace by a search")
        yield held, expected


def test_every_call_is_found_as_it_was_sent(delivered):
    held, expected = delivered
    assert len(expected) > 25
    for trace_id, call in expected.items():
        assert found_spans.of_tempo(held.trace(trace_id)) == found_spans.of_expected(call)
    assert held.traces() == expected.keys()


def test_a_person_searches(delivered):
    held, expected = delivered

    def meant(condition):
        return {trace_id for trace_id, call in expected.items() if condition(call)}

    for call in expected.values():
        assert held.traces(f'span.session.id = "{call.call.session_id}"') == {call.trace_id}
    for service in {call.service for call in expected.values()}:
        found = held.traces(f'resource.service.name = "{service}"')
        assert found == meant(lambda call, s=service: call.service == s)
    assert held.traces("status = error") == meant(lambda call: call.failed)
    assert held.traces('span.fuse.module.type = "rest"') == meant(
        lambda call: any(span.name.startswith("rest ") for span in call.spans)
    )
    assert held.traces('name =~ "call .*"', "duration > 30s") == meant(
        lambda call: call.seconds > 30
    )


@pytest.mark.parametrize("order", ORDERS)
def test_calls_of_every_age_are_found_by_id_and_by_search(order, tempo, tenant, run_name, tmp_path):
    name = f"{run_name}-{tenant}"
    ages = list(AGES) if order == "newest first" else list(reversed(AGES))
    expected = deliver_one_by_one(name, tmp_path, time.time(), ages, **straight(tempo, name))
    for call in expected.values():
        found = wait_for(lambda c=call: tempo.trace(name, c.trace_id), "a trace by its id")
        assert found_spans.of_tempo(found) == found_spans.of_expected(call)
        wait_for(lambda c=call: around(tempo, name, c), "a trace by a search around it", IN_A_BLOCK)


def test_a_success_is_an_empty_partial_success(tempo, run_name):
    headers = {"Content-Type": "application/x-protobuf", "X-Scope-OrgID": run_name}
    with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
        answer = client.post(f"{tempo.http}/v1/traces", content=b"", headers=headers)
    assert (answer.status_code, answer.content) == (200, b"\n\x00")


def test_a_stock_tempo_finds_late_calls_only_in_the_range_of_their_arrival(tenant, tmp_path):
    now = time.time()
    with FakeTempo() as stock:
        expected = deliver_one_by_one(tenant, tmp_path, now, list(AGES), **straight(stock, tenant))
        for age, call in expected.items():
            assert stock.trace(tenant, call.trace_id)
            query = f'{{ span.session.id = "{call.call.session_id}" }}'
            assert stock.search(tenant, query, now - 6 * DAY, time.time() + A_MINUTE)
            assert bool(around(stock, tenant, call)) == (age in {"1 min", "10 min"})


def straight(tempo, tenant):
    return {
        "FUSE_OTEL_SINCE": "5d",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_EXPORTER_OTLP_ENDPOINT": tempo.http,
        "OTEL_EXPORTER_OTLP_HEADERS": f"X-Scope-OrgID={tenant}",
    }


def around(tempo, tenant, call):
    """The call by a search for the minutes in which it was made."""
    query = f'{{ span.session.id = "{call.call.session_id}" }}'
    return tempo.search(tenant, query, call.call.start - A_MINUTE, call.call.end + A_MINUTE)
