"""VictoriaLogs holds the simulator's calls, sent to it directly or through a Collector."""

import gzip
import time
import zlib
from collections import Counter
from contextlib import contextmanager

import pytest
from support.peers import found_lines
from support.peers.account import account
from support.peers.log_request import post, record, request
from support.peers.page import table
from support.peers.waiting import wait_for

ROUTES = ["straight", "collector", "collector over grpc"]
DAY = 86_400


@contextmanager
def way_to(victorialogs, collector, route):
    """The endpoint and the settings that lead to VictoriaLogs."""
    settings = {"OTEL_TRACES_EXPORTER": "none"}
    if route == "straight":
        yield victorialogs.otlp, settings
        return
    exporter = {"type": "otlphttp", "endpoint": victorialogs.otlp}
    with collector({"logs": exporter}, queue=True) as between:
        if route.endswith("grpc"):
            yield between.url("grpc"), settings | {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
        else:
            yield between.url("http"), settings


class Held:
    """The rows of one test's calls."""

    def __init__(self, victorialogs, environment):
        self._victorialogs = victorialogs
        self._ours = f'deployment.environment.name:="{environment}"'

    def rows(self, query="*"):
        self._victorialogs.flush()
        return self._victorialogs.rows(f"{self._ours} {query}")

    def wait_for(self, count, query):
        """A query misses some rows for a moment around a flush, and finds a new stream later."""
        wait_for(lambda: len(self.rows(query)) == count, f"{count} rows of {query}")


@pytest.fixture(scope="module", params=ROUTES)
def delivered(request, victorialogs, collector, tmp_path_factory):
    environment = f"victorialogs-{request.param}"
    with (
        way_to(victorialogs, collector, request.param) as (endpoint, settings),
        account(environment, tmp_path_factory.mktemp("daemon"), 40) as calls,
    ):
        calls.deliver(endpoint, **settings)
        expected = calls.expected()
        held = Held(victorialogs, environment)
        records = sum(len(call.records) for call in expected.values())
        wait_for(lambda: len(held.rows()) >= records, "every log record")
        yield held, expected


def test_every_log_record_is_found_as_it_was_sent(delivered):
    held, expected = delivered
    assert len(expected) > 25
    meant = found_lines.of_calls(expected)
    wait_for(lambda: found_lines.of_victorialogs(held.rows()) == meant, "the records as sent")


def test_resource_and_event_name_make_the_streams(delivered):
    held, expected = delivered
    for row in held.rows():
        resource = expected[row["trace_id"]].resource
        assert {name: row[name] for name in resource} == resource
        told = dict(resource)
        if "event_name" in row:
            told["event_name"] = row["event_name"]
        pairs = ",".join(f'{name}="{value}"' for name, value in sorted(told.items()))
        assert row["_stream"] == f"{{{pairs}}}"


def test_a_person_searches_for_lines(delivered):
    held, expected = delivered
    texts = Counter(record.severity_text for call in expected.values() for record in call.records)
    assert set(texts) == {"DEBUG", "INFO", "ERROR"}
    for text, count in texts.items():
        held.wait_for(count, f'severity_text:="{text}"')
    for call in expected.values():
        held.wait_for(len(call.records), f'trace_id:="{call.trace_id}"')
        held.wait_for(len(call.records), f'session.id:="{call.call.session_id}"')
    for service in {call.service for call in expected.values()}:
        ours = sum(len(call.records) for call in expected.values() if call.service == service)
        held.wait_for(ours, f'{{service.name="{service}"}}')


@pytest.mark.slow
def test_what_is_sent_again_is_there_twice_and_once_in_a_query_by_record_uid(
    victorialogs, tenant, tmp_path
):
    held = Held(victorialogs, tenant)
    with account(tenant, tmp_path, 20) as calls:
        for _ in range(2):
            calls.deliver(victorialogs.otlp, OTEL_TRACES_EXPORTER="none")
            (tmp_path / "state.db").unlink()
        meant = found_lines.of_calls(calls.expected())
    records = sum(map(len, meant.values()))
    wait_for(lambda: len(held.rows()) == 2 * records, "every log record twice")
    wait_for(lambda: victorialogs.found(tenant) == meant, "every log record once")


def test_a_tenant_holds_its_calls_alone(victorialogs, tenant, tmp_path):
    ours = {"AccountID": "12", "ProjectID": "7"}
    headers = ",".join(f"{name}={value}" for name, value in ours.items())
    with account(tenant, tmp_path, 12) as calls:
        calls.deliver(
            victorialogs.otlp, OTEL_TRACES_EXPORTER="none", OTEL_EXPORTER_OTLP_HEADERS=headers
        )
        meant = found_lines.of_calls(calls.expected())
    query = f'deployment.environment.name:="{tenant}"'
    wait_for(
        lambda: found_lines.of_victorialogs(victorialogs.rows(query, ours)) == meant,
        "every log record",
    )
    assert victorialogs.rows(query) == []


OUT_OF_LIMITS = {
    "older than the retention": lambda now: record(now - 30 * DAY, "out"),
    "further ahead than futureRetention": lambda now: record(now + 4 * DAY, "out"),
    "an attribute name of 129 bytes": lambda now: record(now, "out", {"x" * 129: "v"}),
    "more than 2 MiB": lambda now: record(now, "out" * 700_000),
    "more than 1000 fields": lambda now: record(now, "out", {f"k{n}": "v" for n in range(1000)}),
}


@pytest.mark.parametrize("limit", OUT_OF_LIMITS)
def test_a_record_out_of_the_limits_is_accepted_and_dropped(limit, victorialogs, tenant):
    now = time.time()
    good = record(now, "good", {"x" * 128: "v"}), record(now - 5 * DAY, "of five days ago")
    records = good[0], OUT_OF_LIMITS[limit](now), good[1]
    answer = post(victorialogs.otlp, request(tenant, *records))
    assert (answer.status_code, answer.content) == (200, b"")
    held = Held(victorialogs, tenant)
    held.wait_for(len(good), "*")
    assert {row["_msg"] for row in held.rows()} == {"good", "of five days ago"}


def test_an_empty_body_is_replaced_and_an_empty_attribute_is_left_out(victorialogs, tenant):
    post(victorialogs.otlp, request(tenant, record(time.time(), "", {"a": "", "b": "v"})))
    (row,) = wait_for(lambda: Held(victorialogs, tenant).rows(), "the record")
    assert row["_msg"].startswith("missing _msg field")
    assert "a" not in row
    assert row["b"] == "v"


@pytest.mark.parametrize(
    ("encoding", "encode"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_a_compressed_request_is_taken(encoding, encode, victorialogs, tenant):
    content = encode(request(tenant, record(time.time(), "packed")))
    assert post(victorialogs.otlp, content, Content_Encoding=encoding).status_code == 200
    wait_for(lambda: Held(victorialogs, tenant).rows(), "the record")


REFUSED = {
    "no OTLP": (b"\xff\xff", {}, "cannot decode LogsData request"),
    "JSON": (b"{}", {"Content_Type": "application/json"}, "json encoding isn't supported"),
    "a tenant that is no number": (b"", {"AccountID": "acme"}, "cannot parse"),
    "brotli": (b"", {"Content_Encoding": "br"}, "unsupported contentType: br"),
    "more than 64 MiB": (
        gzip.compress(bytes(2**26 + 1)),
        {"Content_Encoding": "gzip"},
        "exceeding -opentelemetry.maxRequestSize",
    ),
}


@pytest.mark.parametrize("request_", REFUSED)
def test_a_request_that_it_cannot_read_is_refused_in_plain_text(request_, victorialogs):
    content, headers, words = REFUSED[request_]
    answer = post(victorialogs.otlp, content, **headers)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/plain")
    assert words in answer.text


def test_a_path_that_it_does_not_know_is_a_400(victorialogs):
    answer = post(victorialogs.url("http"), b"")
    assert answer.status_code == 400
    assert answer.text.startswith('unsupported path requested: "/v1/logs"')


def test_the_limits_on_the_page_are_its_own(victorialogs):
    flags = victorialogs.flags()
    rows = {row[0]: row[1] for row in table("VictoriaLogs") if row[0].startswith("-")}
    assert len(rows) == 6
    assert {name: flags[name.removeprefix("-")] for name in rows} == rows
