"""Grafana Tempo, with a tenant for each test, asked as Grafana asks it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from support.peers.grafana_server import grafana_server
from support.peers.process import Process

DAY = 86_400


class Tempo(Process):
    """``slack``: how much older than now a span may be so that a search finds it; "" is Tempo's
    own two minutes.
    """

    title = "Tempo"
    named_ports = ("http", "grpc", "query", "query_grpc", "ring")

    def __init__(self, executable: Path, folder: Path, slack: str = "") -> None:
        super().__init__(executable, folder)
        self.slack = slack

    def configure(self) -> Sequence[str]:
        file = self.folder / "tempo.yaml"
        file.write_text(json.dumps(self._configuration(), indent=1))
        return [f"-config.file={file}"]

    def is_ready(self) -> bool:
        return self.answers(f"{self.url('query')}/ready")

    def trace(self, tenant: str, trace_id: str) -> TracesData | None:
        """All spans of a trace; ``None`` if there is none."""
        answer = self.http.get(
            f"{self.url('query')}/api/traces/{trace_id}",
            headers={"X-Scope-OrgID": tenant, "Accept": "application/protobuf"},
        )
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        answer.raise_for_status()
        return TracesData.FromString(answer.content)

    def trace_json(self, tenant: str, trace_id: str) -> dict[str, Any]:
        answer = self.http.get(
            f"{self.url('query')}/api/traces/{trace_id}", headers={"X-Scope-OrgID": tenant}
        )
        answer.raise_for_status()
        return dict(answer.json())

    def search(self, tenant: str, query: str, start: float, end: float) -> dict[str, Any]:
        """What TraceQL finds, by trace id: 32 digits, which Tempo itself shortens."""
        answer = self.http.get(
            f"{self.url('query')}/api/search",
            params={"q": query, "start": str(int(start)), "end": str(int(end)), "limit": "5000"},
            headers={"X-Scope-OrgID": tenant},
        )
        assert answer.is_success, answer.text
        return {each["traceID"].zfill(32): each for each in answer.json().get("traces", ())}

    def blocks(self, tenant: str) -> int:
        """How many blocks a search of this tenant's past reads."""
        told = self.http.get(f"{self.url('query')}/metrics").text
        pattern = rf'^tempodb_blocklist_length{{tenant="{tenant}"}} (\S+)$'
        found = re.search(pattern, told, re.MULTILINE)
        return int(float(found[1])) if found else 0

    def flush(self) -> None:
        """Cut what has come into blocks now instead of soon."""
        self.http.post(f"{self.url('query')}/flush").raise_for_status()

    def _configuration(self) -> dict[str, Any]:
        slack = {"ingestion_time_range_slack": self.slack} if self.slack else {}
        otlp = {
            "http": {"endpoint": self.address("http")},
            "grpc": {"endpoint": self.address("grpc")},
        }
        return {
            "multitenancy_enabled": True,
            "server": grafana_server(self.ports),
            "distributor": {"receivers": {"otlp": {"protocols": otlp}}},
            "ingester": {
                "trace_idle_period": "2s",
                "max_block_duration": "10s",
                "flush_check_period": "1s",
                "lifecycler": {"address": "127.0.0.1"},
            },
            "query_frontend": {"search": {"max_duration": "192h", "query_backend_after": "1s"}},
            "storage": {
                "trace": {
                    "backend": "local",
                    "wal": {"path": str(self.folder / "wal"), **slack},
                    "local": {"path": str(self.folder / "blocks")},
                    "blocklist_poll": "2s",
                }
            },
            "memberlist": {
                "bind_addr": ["127.0.0.1"],
                "bind_port": self.ports["ring"],
                "abort_if_cluster_join_fails": False,
            },
            "usage_report": {"reporting_enabled": False},
        }
