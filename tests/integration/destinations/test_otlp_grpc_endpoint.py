"""What an endpoint of gRPC means, and what cannot work."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import Any

import pytest
from support.fakes.grpc_receiver import GrpcReceiver

from fuse_otel.core.batching.export_result import Accepted
from fuse_otel.core.batching.gzip_member import deflate
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.destinations import otlp_grpc
from fuse_otel.destinations.options import OtlpOptions
from fuse_otel.destinations.otlp_grpc import OtlpGrpc
from fuse_otel.errors import ConfigurationError

TRACES = Signal.TRACES


def made(url: str, **options: Any) -> OtlpGrpc:
    return OtlpGrpc(OtlpOptions("main", {TRACES: url}, **options))


@pytest.mark.parametrize(
    ("url", "insecure", "target"),
    [
        ("http://collector:4317", False, ("collector:4317", False)),
        ("http://collector", True, ("collector:80", False)),
        ("https://otlp.example.com", True, ("otlp.example.com:443", True)),
        ("https://[::1]:4317", False, ("[::1]:4317", True)),
        ("collector:4317", False, ("collector:4317", True)),
        ("collector", True, ("collector", False)),
        ("unix:/run/otel.sock", True, ("unix:/run/otel.sock", False)),
    ],
)
def test_an_endpoint_names_the_peer_and_whether_tls_is_spoken(url, insecure, target):
    assert otlp_grpc._target(url, insecure, "main, traces") == target


def test_a_socket_in_the_file_system_is_an_endpoint():
    with TemporaryDirectory() as folder:  # pytest's are too long for an address
        address = f"unix:{folder}/otel.sock"
        with GrpcReceiver(address=address) as receiver:
            destination = made(address, insecure=True)
            assert destination.send(TRACES, deflate(b""), 0) == Accepted("OK")
            assert len(receiver.requests) == 1
            destination.close()


@pytest.mark.parametrize("url", ["http://", "https://:4317", "http://user:secret@host", "http://["])
def test_an_address_that_is_none_is_refused_without_being_shown(url):
    with pytest.raises(ConfigurationError, match=r"^The endpoint of main, traces is no address"):
        made(url)


def test_a_header_that_is_no_ascii_is_refused_without_being_shown():
    with pytest.raises(ConfigurationError) as refused:
        made("http://h", headers={TRACES: {"k": "pässword"}})
    assert str(refused.value) == "A header of main, traces holds more than ASCII"
