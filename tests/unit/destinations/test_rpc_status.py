"""``google.rpc.Status`` as we read it, against protobuf's own runtime."""

from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import DebugInfo, RetryInfo
from google.rpc.status_pb2 import Status
from hypothesis import given
from hypothesis import strategies as st

from fuse_otel.destinations.otlp_response import RpcStatus, rpc_status

seconds = st.integers(-(2**63), 2**63 - 1) | st.integers(-10, 90_000)
nanos = st.integers(-(2**31), 2**31 - 1)


@given(st.text(), st.integers(0, 16), seconds, nanos, st.booleans())
def test_message_and_delay_are_read_from_whatever_is_around_them(words, code, whole, part, first):
    status = Status(code=code, message=words)
    told = [
        DebugInfo(detail=words),
        RetryInfo(retry_delay=Duration(seconds=whole, nanos=part)),
    ]
    for detail in told if first else reversed(told):
        status.details.add().Pack(detail)
    asked = whole + part / 10**9
    after = None if asked > 86_400 else min(max(asked, 0.0), 3600.0)
    assert rpc_status(status.SerializeToString()) == RpcStatus(words, after)


@given(st.text())
def test_without_a_delay_there_is_none(words):
    status = Status(message=words)
    status.details.add().Pack(DebugInfo(detail=words))
    assert rpc_status(status.SerializeToString()) == RpcStatus(words)


def test_an_empty_retry_info_is_at_once():
    status = Status()
    status.details.add().Pack(RetryInfo())
    assert rpc_status(status.SerializeToString()) == RpcStatus("", 0.0)


@given(st.binary())
def test_other_bytes_raise_nothing(data):
    assert isinstance(rpc_status(data), RpcStatus | None)


def test_a_detail_that_cannot_be_read_is_passed_over():
    status = Status(message="slow down")
    status.details.add(type_url="type.googleapis.com/google.rpc.RetryInfo", value=b"\x0a\xff")
    assert rpc_status(status.SerializeToString()) == RpcStatus("slow down")
