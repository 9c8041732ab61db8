"""What a back end has to hold of the simulator's calls: the translation that the goldens document,
made in this process, beside the numbers that the simulator itself knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from fuse_otel.core.decoding.answers import decode_call
from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.call import MISSING_LOG, log_completeness
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.redaction.pseudonym import developer_key_pseudonym
from fuse_otel.simulator.call import SimulatedCall
from fuse_otel.simulator.readable_logs import is_lost
from fuse_otel.simulator.simulated_api import SimulatedApi
from support.builders.call_values import listed_of


@dataclass(frozen=True)
class ExpectedCall:
    """``spans`` begin with the root; ``records`` are in the order of the log."""

    call: SimulatedCall
    trace_id: str
    service: str
    resource: Mapping[str, str]
    spans: tuple[Span, ...]
    records: tuple[LogRecord, ...]

    @property
    def root(self) -> Span:
        return self.spans[0]

    @property
    def failed(self) -> bool:
        return self.root.status.code == self.root.status.STATUS_CODE_ERROR

    @property
    def seconds(self) -> float:
        return (self.root.end_time_unix_nano - self.root.start_time_unix_nano) / 1e9


def expected_calls(
    api: SimulatedApi, calls: Iterable[SimulatedCall], environment: str, namespace: str = ""
) -> dict[str, ExpectedCall]:
    """By trace id. ``environment`` and ``namespace`` as the daemon was told them."""
    key = developer_key_pseudonym(api.developer_key)
    options = ModelOptions(environment=environment, namespace=namespace, pseudonym_key=key)
    renderer = Renderer(options, ())
    made = [_expected(api, call, renderer, key) for call in calls]
    return {each.trace_id: each for each in made}


def attributes(pairs: Iterable[KeyValue]) -> dict[str, object]:
    return {pair.key: getattr(pair.value, str(pair.value.WhichOneof("value"))) for pair in pairs}


def _expected(
    api: SimulatedApi, call: SimulatedCall, renderer: Renderer, key: bytes
) -> ExpectedCall:
    entries = api.entries(call.session_id)
    # By a part of its session id, which has a time: which calls are lost differs from run to run.
    is_readable = call.log and not is_lost(call, api.quirks)
    log = decode_call(msgspec.json.encode(entries))[0] if is_readable else MISSING_LOG
    listed = listed_of(call, key)
    made = renderer.render(listed, log, log_completeness(listed, log))
    (group,) = ExportTraceServiceRequest.FromString(made.traces).resource_spans
    records = tuple(
        record
        for logs in ExportLogsServiceRequest.FromString(made.logs).resource_logs
        for record in logs.scope_logs[0].log_records
    )
    resource = {name: str(value) for name, value in attributes(group.resource.attributes).items()}
    # What the simulator knows by itself.
    assert len(records) == (call.entries if is_readable else 0)
    return ExpectedCall(
        call,
        made.trace_id,
        resource["service.name"],
        resource,
        tuple(group.scope_spans[0].spans),
        records,
    )
