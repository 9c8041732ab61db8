"""OTLP requests with records of a test's own, for what fuse-otel itself never sends."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, SeverityNumber


def record(time: float, body: str, attributes: Mapping[str, str] | None = None) -> LogRecord:
    """``time`` in UNIX seconds."""
    made = LogRecord(
        time_unix_nano=int(time * 1e9),
        severity_number=SeverityNumber.SEVERITY_NUMBER_INFO,
        severity_text="INFO",
    )
    made.body.string_value = body
    for key, value in (attributes or {}).items():
        made.attributes.add(key=key).value.string_value = value
    return made


def request(environment: str, *records: LogRecord) -> bytes:
    made = ExportLogsServiceRequest()
    group = made.resource_logs.add()
    for key, value in (
        ("service.name", "Claims Line"),
        ("deployment.environment.name", environment),
    ):
        group.resource.attributes.add(key=key).value.string_value = value
    group.scope_logs.add(log_records=records)
    return made.SerializeToString()


def post(endpoint: str, content: bytes, **headers: str) -> httpx.Response:
    """To the path of logs below ``endpoint``. Underscores in ``headers`` stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with httpx.Client(trust_env=False, timeout=60) as client:
        return client.post(
            f"{endpoint}/v1/logs",
            content=content,
            headers={"Content-Type": "application/x-protobuf", **named},
        )
