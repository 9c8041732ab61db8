"""Jaeger and VictoriaLogs take calls of one minute to nearly five days, in any order."""

import time

import pytest
from support.peers import found_lines, found_spans
from support.peers.ages import (
    AGES,
    calls_of_five_days,
    deliver_one_by_one,
    living_account,
)
from support.peers.waiting import wait_for
from support.rigs.program import running
from support.scale import scaled

pytestmark = pytest.mark.proof

ORDERS = {"oldest first": list(reversed(AGES)), "newest first": list(AGES)}


def both(jaeger, victorialogs):
    """The settings that lead the traces to Jaeger and the logs to VictoriaLogs."""
    return {
        "FUSE_OTEL_SINCE": "5d",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{jaeger.url('http')}/v1/traces",
        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": f"{victorialogs.otlp}/v1/logs",
    }


@pytest.mark.parametrize("order", ORDERS)
def test_calls_of_every_age_are_found(order, jaeger, victorialogs, tenant, tmp_path):
    settings = both(jaeger, victorialogs)
    expected = deliver_one_by_one(tenant, tmp_path, time.time(), ORDERS[order], **settings)
    for call in expected.values():
        found = wait_for(lambda c=call: jaeger.trace(c.trace_id), "a trace by its id")
        assert found_spans.of_jaeger(found) == found_spans.of_expected(call)
        searched = {"session.id": call.call.session_id, "deployment.environment.name": tenant}
        traces = wait_for(lambda c=call, s=searched: jaeger.search(c.service, s), "a trace by tags")
        assert [trace["traceID"] for trace in traces] == [call.trace_id]
        lines = {call.trace_id: found_lines.of_expected(call)}
        for query in (
            f'trace_id:="{call.trace_id}"',
            f'session.id:="{call.call.session_id}"',
        ):
            wait_for(lambda q=query, n=lines: victorialogs.found(tenant, q) == n, "its log records")


def test_five_days_are_read_beside_the_present(jaeger, victorialogs, tenant, tmp_path):
    """A first start reads five days while people go on calling."""
    now = time.time()
    settings = both(jaeger, victorialogs) | {"FUSE_OTEL_POLL_INTERVAL": "2"}
    with living_account(tenant, tmp_path, now, calls_of_five_days(now, scaled(1))) as account:
        with running(env=account.settings("", **settings), folder=tmp_path):
            wait_for(lambda: account.ended_since(now), "a call of the present", 120)
            account.until = time.time()
            expected = account.expected()
            assert len(expected) > 100
            for trace_id in expected:
                wait_for(lambda i=trace_id: jaeger.trace(i), "a trace by its id", 180)
            lines = found_lines.of_calls(expected)
            wait_for(
                lambda: victorialogs.found(tenant).keys() >= lines.keys(),
                "the log records of every call",
                120,
            )
        account.until = time.time()
        possible = found_lines.of_calls(account.expected())

    def nothing_else():
        found = victorialogs.found(tenant)
        whole = {trace_id: possible[trace_id] for trace_id in found}
        return found.keys() >= lines.keys() and found == whole

    wait_for(nothing_else, "the whole log of each call that is there, and nothing else")
