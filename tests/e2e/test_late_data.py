"""Calls of a minute to nearly five days, in any order, and five days beside the present."""

import json
import time

import pytest
from support.peers import found_lines, found_spans
from support.peers.account import HOUR
from support.peers.ages import (
    AGES,
    DAY,
    calls_of_each_age,
    calls_of_five_days,
    living_account,
    picked_account,
)
from support.peers.waiting import wait_for
from support.program import fuse_otel, running
from support.scale import scaled

EVERYTHING = '{service_namespace="plum-fuse"}'


def straight(tempo, loki, tenant, **more):
    return {
        "FUSE_OTEL_SINCE": "5d",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{tempo.url('http')}/v1/traces",
        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": f"{loki.otlp}/v1/logs",
        "OTEL_EXPORTER_OTLP_HEADERS": f"X-Scope-OrgID={tenant}",
        **more,
    }


def deliver_one_by_one(name, folder, now, order, **settings):
    """A call more is listed each time ``fuse-otel once`` runs; the expected calls, by age."""
    picked = calls_of_each_age(now)
    for listed in range(1, len(order) + 1):
        calls = [picked[age] for age in order[:listed]]
        with picked_account(name, folder, now, calls) as account:
            account.deliver("", **settings)
            expected = account.expected()
    by_session = {call.call.session_id: call for call in expected.values()}
    return {age: by_session[picked[age].session_id] for age in order}


def lines_of(loki, tenant, now):
    return found_lines.by_trace(loki.lines(tenant, EVERYTHING, now - 6 * DAY, time.time() + 60))


@pytest.mark.parametrize("order", ["oldest first", "newest first"])
def test_calls_of_every_age_are_found_by_id_and_by_search(order, tempo, loki, tenant, tmp_path):
    now = time.time()
    ages = list(AGES) if order == "newest first" else list(reversed(AGES))
    settings = straight(tempo, loki, tenant, FUSE_OTEL_LOGS_FLAVOUR="loki")
    expected = deliver_one_by_one(tenant, tmp_path, now, ages, **settings)
    for call in expected.values():
        found = wait_for(lambda c=call: tempo.trace(tenant, c.trace_id), "a trace by its id")
        assert found_spans.of_tempo(found) == found_spans.of_expected(call)
    loki.flush()
    meant = {call.trace_id: found_lines.of_expected(call) for call in expected.values()}
    wait_for(lambda: lines_of(loki, tenant, now) == meant, "every log record")
    for call in expected.values():
        query = f'{{ span.session.id = "{call.call.session_id}" }}'
        wait_for(
            lambda q=query, c=call.call: tempo.search(tenant, q, c.start - 60, c.end + 60),
            "a trace by a search around it",
            120,
        )


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


def test_a_stock_tempo_finds_late_calls_only_in_the_range_of_their_arrival(
    stock_tempo, loki, tenant, tmp_path
):
    now = time.time()
    settings = straight(stock_tempo, loki, tenant, OTEL_LOGS_EXPORTER="none")
    expected = deliver_one_by_one(tenant, tmp_path, now, list(AGES), **settings)
    for call in expected.values():
        query = f'{{ span.session.id = "{call.call.session_id}" }}'
        wait_for(lambda c=call: stock_tempo.trace(tenant, c.trace_id), "a trace by its id")
        wait_for(
            lambda q=query: stock_tempo.search(tenant, q, now - 6 * DAY, time.time() + 60),
            "a trace by a search until now",
        )
    wait_for(lambda: stock_tempo.blocks(tenant), "a block that a search reads")
    for age in ("2 h", "26 h", "4.9 days"):
        call = expected[age].call
        assert not stock_tempo.search(tenant, "{}", call.start - 60, call.end + 60)


def test_what_loki_refuses_is_parked_and_replayed_with_its_flavour(tempo, loki, tenant, tmp_path):
    now = time.time()
    late = {"26 h", "4.9 days"}
    settings = straight(tempo, loki, tenant, OTEL_TRACES_EXPORTER="none")
    generic = settings | {"FUSE_OTEL_LOGS_FLAVOUR": "generic"}
    expected = deliver_one_by_one(tenant, tmp_path, now, list(AGES), **generic)
    with picked_account(tenant, tmp_path, now, []) as nothing:
        told = fuse_otel("parked", "list", "--json", env=nothing.settings("", **generic))
        parked = json.loads(told.stdout)
        refused = {each["session_id"] for each in parked}
        assert refused >= {expected[age].call.session_id for age in late}
        assert all("entry too far behind" in each["reason"] for each in parked)
        flavoured = nothing.settings("", **settings, FUSE_OTEL_LOGS_FLAVOUR="loki")
        replayed = fuse_otel("parked", "replay", "--all", env=flavoured)
        assert replayed.returncode == 0, replayed.stderr
        left = fuse_otel("parked", "list", "--json", env=flavoured)
        assert json.loads(left.stdout) == []
    loki.flush()
    meant = {call.trace_id: found_lines.of_expected(call) for call in expected.values()}
    wait_for(lambda: lines_of(loki, tenant, now) == meant, "every log record")


def test_five_days_are_read_beside_the_present(tempo, loki, tenant, tmp_path):
    """A first start reads five days while people go on calling."""
    now = time.time()
    picked = calls_of_five_days(now, scaled(1))
    settings = straight(tempo, loki, tenant, FUSE_OTEL_LOGS_FLAVOUR="loki")
    with living_account(tenant, tmp_path, now, picked) as account:
        with running(
            env=account.settings("", FUSE_OTEL_POLL_INTERVAL="2", **settings), folder=tmp_path
        ):
            wait_for(lambda: ended_since(account, now), "a call of the present", 120)
            account.until = time.time()
            expected = account.expected()
            assert len(expected) > 100
            for trace_id in expected:
                wait_for(lambda i=trace_id: tempo.trace(tenant, i), "a trace by its id", 180)
            loki.flush()
            wait_for(lambda: expected.keys() <= lines_of(loki, tenant, now).keys(), "lines", 120)
        account.until = time.time()
        possible = account.expected()
    found = lines_of(loki, tenant, now)
    assert found == {i: found_lines.of_expected(possible[i]) for i in found}
    streams = loki.ask(
        tenant, "series", **{"match[]": EVERYTHING, "start": int((now - 6 * DAY) * 1e9)}
    )
    hours = {
        (possible[i].service, record.time_unix_nano // int(HOUR * 1e9))
        for i in found
        for record in possible[i].records
    }
    assert len({tuple(sorted(each.items())) for each in streams}) == len(hours)


def ended_since(account, then):
    return [call for call in account.api.truth(then, time.time()) if call.log]
