"""Where calls go."""

from __future__ import annotations

from typing import Protocol

from fuse_otel.core.batching.export_result import ExportResult
from fuse_otel.core.model.telemetry import Signal


class Destination(Protocol):
    """An OTLP back end, a file or a terminal. Never raises for what the far side does."""

    def send(self, signal: Signal, data: bytes, items: int) -> ExportResult:
        """Deliver one export request, given as one gzip member of the OTLP protobuf message."""

    def close(self) -> None: ...
