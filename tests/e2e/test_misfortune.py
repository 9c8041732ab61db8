"""A Collector is killed, stopped, refuses requests or is set up wrongly: in the end Jaeger and
VictoriaLogs hold every call.
"""

import re
from contextlib import contextmanager

import pytest
from support import http_client
from support.fakes.otlp_answer import text
from support.fakes.otlp_receiver import OtlpReceiver
from support.fakes.tls_files import make_certificate, make_expired_certificate
from support.peers import found_lines, found_spans
from support.peers.account import account
from support.peers.missing_calls import wait_for_calls
from support.peers.program_of import program
from support.peers.victorialogs import VictoriaLogs
from support.peers.waiting import wait_for
from support.rigs.program import fuse_otel, running
from support.scale import scaled

from fuse_otel.simulator.quirks import Quirks

pytestmark = pytest.mark.proof

TOO_LITTLE = {"memory_limiter": {"check_interval": "100ms", "limit_mib": 1}}
NO_QUEUE = {"sending_queue": {"enabled": False}}


@pytest.fixture
def back_ends(jaeger, victorialogs, tenant):
    return BackEnds(jaeger, victorialogs, tenant)


class BackEnds:
    """Both behind a Collector that accepts a request when the back end has accepted it."""

    def __init__(self, jaeger, victorialogs, tenant):
        self.jaeger, self.victorialogs, self.tenant = jaeger, victorialogs, tenant

    def exporters(self, *, queue=False):
        own = {} if queue else NO_QUEUE
        return {
            "traces": {
                "type": "otlp",
                "endpoint": self.jaeger.address("grpc"),
                "tls": {"insecure": True},
                **own,
            },
            "logs": {"type": "otlphttp", "endpoint": self.victorialogs.otlp, **own},
        }

    def some_came(self, expected):
        return any(self.jaeger.trace(trace_id) for trace_id in expected)

    def hold_once(self, calls):
        """Wait for all calls, then compare them with the expected ones."""
        expected = calls.expected()
        records = found_lines.of_calls(expected)
        wait_for_calls(calls, expected, self.without_trace, "every trace", 180)
        for trace_id, call in expected.items():
            found = found_spans.of_jaeger(self.jaeger.trace(trace_id))
            assert found == found_spans.of_expected(call)
        with_records = {trace_id: expected[trace_id] for trace_id in records}
        wait_for_calls(calls, with_records, self.with_other_records(records), "every record", 180)
        wait_for(lambda: self.lines() == records, "the same records and no others")

    def without_trace(self, trace_ids):
        return [trace_id for trace_id in trace_ids if not self.jaeger.trace(trace_id)]

    def with_other_records(self, records):
        def differing(trace_ids):
            found = self.lines()
            return [each for each in trace_ids if found.get(each) != records[each]]

        return differing

    def lines(self):
        return self.victorialogs.found(self.tenant)


@pytest.fixture
def calls(tenant, tmp_path):
    """Many small pages, so that there is a middle of the deliveries."""
    with account(tenant, tmp_path, scaled(40, least=20), quirks=Quirks(page_cap=4)) as made:
        yield made


@contextmanager
def daemon(calls, endpoint, **more):
    settings = calls.settings(
        endpoint,
        FUSE_OTEL_MAX_REQUESTS_PER_SECOND="5",
        OTEL_EXPORTER_OTLP_TIMEOUT="2000",
        **more,
    )
    with running(env=settings, folder=calls.folder) as process:
        yield process


def series(process, name):
    """The daemon's own count of each label set of a metric."""
    page = http_client.get(f"{process.url}/metrics", trust_env=False).text
    return {
        labels: float(number)
        for labels, number in re.findall(rf"^{name}{{(.*)}} (\S+)$", page, re.MULTILINE)
    }


def failures(process):
    """Requests to the destination that were not accepted."""
    counted = series(process, "fuse_otel_export_requests_total")
    return sum(number for labels, number in counted.items() if 'code="20' not in labels)


def done(process):
    """Nothing waits any more, so nothing can fail."""
    waiting = series(process, "fuse_otel_outbox_calls") | series(process, "fuse_otel_gap_seconds")
    return not any(waiting.values())


@pytest.mark.parametrize("queue", [False, True], ids=["no queue", "queue on the disk"])
def test_a_collector_is_killed_amid_deliveries(queue, back_ends, collector, calls):
    with (
        collector(back_ends.exporters(queue=queue), queue=queue) as between,
        daemon(calls, between.url("http")) as process,
    ):
        wait_for(lambda: back_ends.some_came(calls.expected()), "the first trace")
        for _ in range(3):
            before = failures(process)
            between.kill()
            wait_for(lambda n=before: failures(process) > n or done(process), "a failed request")
            between.start()
        back_ends.hold_once(calls)


def test_a_collector_stands_still_for_a_while(back_ends, collector, calls):
    with collector(back_ends.exporters()) as between:
        between.pause()
        with daemon(calls, between.url("http")) as process:
            wait_for(lambda: failures(process) >= 4, "four requests without an answer")
            between.resume()
            back_ends.hold_once(calls)


def test_a_collector_whose_memory_is_full_refuses(back_ends, collector, calls):
    with (
        collector(back_ends.exporters(), processors=TOO_LITTLE) as between,
        daemon(calls, between.url("http")) as process,
    ):
        wait_for(lambda: failures(process) >= 2, "two refusals")
        assert "memory" in process.log
        between.kill()
        between.processors = {}
        between.start()
        back_ends.hold_once(calls)


def test_a_receiver_takes_small_bodies_only(back_ends, collector, calls):
    with collector(back_ends.exporters(), receiver={"max_request_body_size": 100_000}) as between:
        calls.deliver(between.url("http"))
        back_ends.hold_once(calls)


def test_a_certificate_has_expired(back_ends, collector, calls, tmp_path):
    good = make_certificate(tmp_path, "good")
    expired = make_expired_certificate(tmp_path, "expired", good)
    tls = {"cert_file": str(expired.certificate), "key_file": str(expired.key)}
    more = {"OTEL_EXPORTER_OTLP_CERTIFICATE": str(good.certificate)}
    with collector(back_ends.exporters(), receiver={"tls": tls}) as between:
        endpoint = between.url("http").replace("http:", "https:")
        ended = fuse_otel("once", env=calls.settings(endpoint, **more))
        assert ended.returncode == 1
        assert "certificate has expired" in ended.stderr
        between.kill()
        tls.update(cert_file=str(good.certificate), key_file=str(good.key))
        between.start()
        calls.deliver(endpoint, **more)
        back_ends.hold_once(calls)


def test_a_path_is_wrong(back_ends, collector, calls):
    with collector(back_ends.exporters()) as between:
        wrong = calls.settings(between.url("http") + "/otlp")
        ended = fuse_otel("once", env=wrong)
        assert ended.returncode == 1
        assert "404" in ended.stderr
        calls.deliver(between.url("http"))
        back_ends.hold_once(calls)


def test_a_proxy_answers_a_web_page(back_ends, collector, calls):
    page = text(200, "<html><title>Please log in</title></html>", "text/html")
    with OtlpReceiver(decide=lambda _: page) as proxy:
        settings = calls.settings(proxy.url)
        ended = fuse_otel("once", env=settings)
        assert ended.returncode == 1
        assert "Please log in" in ended.stderr
    with collector(back_ends.exporters()) as between:
        calls.deliver(between.url("http"))
        back_ends.hold_once(calls)


def test_victorialogs_restarts_amid_deliveries(calls, tenant, tmp_path):
    """It writes what it holds in memory before it ends."""
    records = found_lines.of_calls(calls.expected())
    settings = {"OTEL_TRACES_EXPORTER": "none"}
    with (
        VictoriaLogs(program("victorialogs"), tmp_path / "victorialogs") as store,
        daemon(calls, store.otlp, **settings) as process,
    ):
        wait_for(lambda: store.found(tenant), "the first log record")
        for _ in range(2):
            before = failures(process)
            store.stop()
            wait_for(lambda n=before: failures(process) > n or done(process), "a failed request")
            store.start()
        wait_for(lambda: store.found(tenant) == records, "every log record", 180)
