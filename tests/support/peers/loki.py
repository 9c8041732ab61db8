"""Grafana Loki, with a tenant for each test, asked as Grafana asks it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import httpx

from support.peers.grafana_server import grafana_server
from support.peers.process import Process

_MOST = 200_000


class Line(NamedTuple):
    """``time`` is UNIX nanoseconds; ``labels`` holds stream labels and structured metadata."""

    time: int
    text: str
    labels: Mapping[str, str]


class Loki(Process):
    title = "Loki"
    named_ports = ("query", "query_grpc")

    def configure(self) -> Sequence[str]:
        file = self.folder / "loki.yaml"
        file.write_text(json.dumps(self._configuration(), indent=1))
        return [f"-config.file={file}"]

    def is_ready(self) -> bool:
        return self.answers(f"{self.url('query')}/ready")

    @property
    def otlp(self) -> str:
        """The base of its OTLP endpoint."""
        return f"{self.url('query')}/otlp"

    def lines(
        self, tenant: str, query: str, start: float, end: float, direction: str = "forward"
    ) -> list[Line]:
        """What LogQL finds, in the order of time."""
        answer = self.ask(
            tenant,
            "query_range",
            query=query,
            start=int(start * 1e9),
            end=int(end * 1e9),
            limit=_MOST,
            direction=direction,
        )
        return sorted(
            (
                Line(int(time), text, stream["stream"])
                for stream in answer["result"]
                for time, text, *_ in stream["values"]
            ),
            key=lambda line: line.time,
        )

    def ask(self, tenant: str, verb: str, **parameters: object) -> Any:
        answer = self.http.get(
            f"{self.url('query')}/loki/api/v1/{verb}",
            params={key: str(value) for key, value in parameters.items()},
            headers={"X-Scope-OrgID": tenant},
        )
        assert answer.is_success, answer.text
        return answer.json()["data"]

    def flush(self) -> None:
        """Make what has come visible, also to questions about hours ago."""
        answer = self.http.post(f"{self.url('query')}/flush")
        assert answer.status_code in {httpx.codes.OK, httpx.codes.NO_CONTENT}

    def _configuration(self) -> dict[str, Any]:
        return {
            "auth_enabled": True,
            "server": grafana_server(self.ports),
            "common": {
                "instance_addr": "127.0.0.1",
                "path_prefix": str(self.folder),
                "replication_factor": 1,
                "ring": {"kvstore": {"store": "inmemory"}},
                "storage": {
                    "filesystem": {
                        "chunks_directory": str(self.folder / "chunks"),
                        "rules_directory": str(self.folder / "rules"),
                    }
                },
            },
            "schema_config": {
                "configs": [
                    {
                        "from": "2024-01-01",
                        "store": "tsdb",
                        "object_store": "filesystem",
                        "schema": "v13",
                        "index": {"prefix": "index_", "period": "24h"},
                    }
                ]
            },
            # Only what the questions of the tests need: what may be written is as Loki has it.
            "limits_config": {"max_entries_limit_per_query": _MOST, "query_timeout": "20s"},
            "analytics": {"reporting_enabled": False},
        }
