"""Jaeger takes calls of one minute to nearly five days, in any order."""

import time

import pytest
from support.peers import found_spans
from support.peers.ages import AGES, calls_of_each_age, picked_account
from support.peers.waiting import wait_for


def deliver_one_by_one(name, folder, now, order, **settings):
    """Each run of ``fuse-otel once`` lists one more call. Returns the expected calls by age."""
    picked = calls_of_each_age(now)
    for listed in range(1, len(order) + 1):
        calls = [picked[age] for age in order[:listed]]
        with picked_account(name, folder, now, calls) as account:
            account.deliver("", **settings)
            expected = account.expected()
    by_session = {call.call.session_id: call for call in expected.values()}
    return {age: by_session[picked[age].session_id] for age in order}


@pytest.mark.parametrize("order", ["oldest first", "newest first"])
def test_jaeger_takes_every_age(order, jaeger, tenant, tmp_path):
    ages = list(AGES) if order == "newest first" else list(reversed(AGES))
    settings = {
        "FUSE_OTEL_SINCE": "5d",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_EXPORTER_OTLP_ENDPOINT": jaeger.url("http"),
    }
    expected = deliver_one_by_one(tenant, tmp_path, time.time(), ages, **settings)
    for call in expected.values():
        found = wait_for(lambda c=call: jaeger.trace(c.trace_id), "a trace by its id")
        assert found_spans.of_jaeger(found) == found_spans.of_expected(call)
        searched = {"session.id": call.call.session_id, "deployment.environment.name": tenant}
        assert [t["traceID"] for t in jaeger.search(call.service, searched)] == [call.trace_id]
