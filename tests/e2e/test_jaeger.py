"""Jaeger is asked for the simulator's calls, that came to it directly or by a Collector."""

from contextlib import contextmanager

import pytest
from support.peers import found_spans
from support.peers.account import account
from support.peers.waiting import wait_for

ROUTES = ["jaeger", "jaeger over grpc", "collector", "collector over grpc"]


@contextmanager
def way_to(jaeger, collector, route):
    """The settings that lead to Jaeger."""
    port, protocol = ("grpc", "grpc") if "grpc" in route else ("http", "http/protobuf")
    settings = {"OTEL_LOGS_EXPORTER": "none", "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}
    if route.startswith("jaeger"):
        yield jaeger.url(port), settings
        return
    exporter = {"type": "otlp", "endpoint": jaeger.address("grpc"), "tls": {"insecure": True}}
    with collector({"traces": exporter}) as between:
        yield between.url(port), settings


@pytest.fixture(scope="module", params=ROUTES)
def delivered(request, jaeger, collector, tmp_path_factory):
    folder = tmp_path_factory.mktemp("daemon")
    with (
        way_to(jaeger, collector, request.param) as (endpoint, settings),
        account(request.param.replace(" ", "-"), folder, 40) as calls,
    ):
        calls.deliver(endpoint, **settings)
        expected = calls.expected()
        wait_for(lambda: all(map(jaeger.trace, expected)), "every trace")
        yield calls, expected


def test_every_call_is_found_and_is_as_it_was_meant(delivered, jaeger):
    account, expected = delivered
    assert len(expected) > 25
    for trace_id, call in expected.items():
        assert found_spans.of_jaeger(jaeger.trace(trace_id)) == found_spans.of_expected(call)
    everywhere = {
        each["traceID"]
        for service in {call.service for call in expected.values()}
        for each in jaeger.search(service, {"deployment.environment.name": account.name})
    }
    assert everywhere == expected.keys()


def test_a_person_searches(delivered, jaeger):
    account, expected = delivered
    here = {"deployment.environment.name": account.name}

    def ids(service, tags, **more):
        return {each["traceID"] for each in jaeger.search(service, here | tags, **more)}

    for service in {call.service for call in expected.values()}:
        ours = {i: call for i, call in expected.items() if call.service == service}
        assert ids(service, {}, operation=f"call {service}") == ours.keys()
        for kind in {kind for call in ours.values() for kind in errors(call)}:
            meant = {i for i, call in ours.items() if kind in errors(call)}
            assert ids(service, {"error.type": kind}) == meant
        long = {i for i, call in ours.items() if call.seconds >= 30}
        assert ids(service, {}, operation=f"call {service}", minDuration="30s") == long
        for trace_id, call in ours.items():
            assert ids(service, {"session.id": call.call.session_id}) == {trace_id}
        rest = {
            i
            for i, call in ours.items()
            if any(span.name.startswith("rest ") for span in call.spans)
        }
        assert ids(service, {"fuse.module.type": "rest"}) == rest


def errors(call):
    return {
        pair.value.string_value
        for span in call.spans
        for pair in span.attributes
        if pair.key == "error.type"
    }


@pytest.mark.slow
def test_what_is_sent_once_more_is_there_once(jaeger, tmp_path):
    with account("sent-twice", tmp_path, 40) as calls:
        for _ in range(2):
            calls.deliver(jaeger.url("http"), OTEL_LOGS_EXPORTER="none")
            (tmp_path / "state.db").unlink()
        expected = calls.expected()
        wait_for(lambda: all(map(jaeger.trace, expected)), "every trace")
        for trace_id, call in expected.items():
            assert found_spans.of_jaeger(jaeger.trace(trace_id)) == found_spans.of_expected(call)
