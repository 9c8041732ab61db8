"""OTLP over either protocol, with a back end that is away, silent or talks too much."""

import pytest
from support.builders.ship_values import encoded
from support.fakes.otlp_protocols import BOTH

from fuse_otel.core.batching.export_result import PermanentFailure, Retry
from fuse_otel.core.batching.gzip_member import deflate
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.destinations.options import OtlpOptions

TRACES = Signal.TRACES
DATA = deflate(encoded(TRACES, "a"))


@pytest.fixture(params=BOTH.values(), ids=BOTH.keys())
def protocol(request):
    return request.param


def send(protocol, url, **options):
    destination = protocol.to(url, **options)
    outcome = destination.send(TRACES, DATA, 2)
    destination.close()
    return outcome


def test_a_back_end_that_says_nothing_is_given_up_at_the_deadline(protocol):
    with protocol.receiver(protocol.troubles["silence"]) as receiver:
        outcome = send(protocol, receiver.url, timeout=0.5)
    assert outcome == Retry("timeout", "no complete answer within 0.5 s")


def test_a_port_where_nobody_listens_is_tried_again(protocol, shut_port):
    outcome = send(protocol, f"http://127.0.0.1:{shut_port}")
    assert isinstance(outcome, Retry)
    assert (outcome.code, outcome.after) == ("network", None)
    assert outcome.reason.endswith("Connection refused")
    assert "Errno" not in outcome.reason
    assert "all addresses" not in outcome.reason


def test_a_name_that_nobody_has_is_tried_again(protocol):
    outcome = send(protocol, "http://back-end.invalid:4317")
    assert isinstance(outcome, Retry)
    assert outcome.code in {"network", "timeout"}  # where no name server answers


def test_secrets_that_an_answer_quotes_are_masked(protocol):
    quoting = protocol.refused("header 'Bearer s3cr3t-token' or s3cr3t-token of jane@example.com")
    token = {TRACES: {"Authorization": "Bearer s3cr3t-token"}}
    with protocol.receiver(quoting) as receiver:
        outcome = send(protocol, receiver.url, headers=token)
    code = protocol.refusal.split()[0]
    assert outcome == PermanentFailure(code, f"{protocol.refusal}: header '*' or * of [email]")


def test_the_options_show_no_credentials():
    options = OtlpOptions(
        "main", {TRACES: "https://user:secret@host/"}, headers={TRACES: {"api-key": "hidden"}}
    )
    assert "secret" not in repr(options)
    assert "hidden" not in repr(options)
