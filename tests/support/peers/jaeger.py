"""Jaeger with its memory store, queried as its own pages query it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from support.peers.process import Process

Trace = dict[str, Any]

_DAY = 86_400 * 1_000_000


class Jaeger(Process):
    title = "Jaeger"
    named_ports = ("http", "grpc", "query", "query_grpc")

    def configure(self) -> Sequence[str]:
        file = self.folder / "jaeger.yaml"
        file.write_text(json.dumps(self._configuration(), indent=1))
        return ["--config", str(file)]

    def is_ready(self) -> bool:
        return self.answers(f"{self.url('query')}/api/services")

    def trace(self, trace_id: str) -> Trace | None:
        """As the page of a trace gets it; ``None`` if there is none."""
        answer = self.http.get(f"{self.url('query')}/api/traces/{trace_id}")
        return answer.json()["data"][0] if answer.is_success else None

    def search(self, service: str, tags: dict[str, str], **more: str) -> list[Trace]:
        """The traces of six days that hold a span of the service with all these tags. ``more``: as
        Jaeger's own form has it (``operation``, ``minDuration``, …).
        """
        now = int(time.time() * 1e6)  # microseconds; Jaeger itself looks back two days
        when = {"start": str(now - 6 * _DAY), "end": str(now + _DAY)}
        asked = {"service": service, "tags": json.dumps(tags), "limit": "5000", **when, **more}
        found: list[Trace] = self.get(f"{self.url('query')}/api/traces", **asked)["data"]
        return found

    def services(self) -> list[str]:
        return self.get(f"{self.url('query')}/api/services")["data"] or []

    def _configuration(self) -> dict[str, Any]:
        otlp = {
            "http": {"endpoint": self.address("http")},
            "grpc": {"endpoint": self.address("grpc")},
        }
        return {
            "service": {
                "extensions": ["jaeger_storage", "jaeger_query"],
                "pipelines": {
                    "traces": {"receivers": ["otlp"], "exporters": ["jaeger_storage_exporter"]}
                },
                "telemetry": {"metrics": {"level": "none"}},
            },
            "extensions": {
                "jaeger_query": {
                    "storage": {"traces": "memory"},
                    "http": {"endpoint": self.address("query")},
                    "grpc": {"endpoint": self.address("query_grpc")},
                },
                "jaeger_storage": {"backends": {"memory": {"memory": {"max_traces": 100_000}}}},
            },
            "receivers": {"otlp": {"protocols": otlp}},
            "exporters": {"jaeger_storage_exporter": {"trace_storage": "memory"}},
        }
