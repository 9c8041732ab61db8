"""An export request as a person or a script reads it: one line of OTLP/JSON."""

from __future__ import annotations

from fuse_otel.core.gzip_member import inflate
from fuse_otel.core.otlp_json import dumps, logs_json, traces_json
from fuse_otel.core.telemetry import Signal

_JSON = {Signal.TRACES: traces_json, Signal.LOGS: logs_json}


def otlp_line(signal: Signal, data: bytes) -> str:
    """The line with its end. ``data`` is one gzip member. Raises ``ValueError`` if damaged."""
    return dumps(_JSON[signal](inflate(data))) + "\n"
