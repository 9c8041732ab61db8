"""VictoriaLogs, one process for all tests, queried with LogsQL over HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from support.peers.found_lines import FoundLine, of_victorialogs
from support.peers.process import Process

Row = Mapping[str, str]
# VictoriaLogs stores a record again that is sent again.
ONCE = "| first 1 by (_time) partition by (log.record.uid)"


class VictoriaLogs(Process):
    """Runs with its own limits: seven days of retention, two days into the future."""

    title = "VictoriaLogs"
    named_ports = ("http",)

    def configure(self) -> Sequence[str]:
        return [
            f"-httpListenAddr={self.address('http')}",
            f"-storageDataPath={self.folder / 'data'}",
        ]

    def is_ready(self) -> bool:
        return self.answers(f"{self.url('http')}/health")

    @property
    def otlp(self) -> str:
        """The base of its OTLP endpoint."""
        return f"{self.url('http')}/insert/opentelemetry"

    def rows(self, query: str, tenant: Mapping[str, str] | None = None) -> list[Row]:
        """What LogsQL finds, in no particular order. A row holds every field as text.

        ``tenant``: the headers ``AccountID`` and ``ProjectID``.
        """
        answer = self.http.get(
            f"{self.url('http')}/select/logsql/query",
            params={"query": query},
            headers=dict(tenant or {}),
        )
        assert answer.is_success, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]

    def found(self, environment: str, query: str = "") -> dict[str, list[FoundLine]]:
        """Each record of the environment once, however often it was sent, by its trace id."""
        self.flush()
        ours = f'deployment.environment.name:="{environment}"'
        return of_victorialogs(self.rows(f"{ours} {query} {ONCE}"))

    def flush(self) -> None:
        """Make all records visible. For a moment around its own flush, some queries find a record
        and others do not.
        """
        self.http.get(f"{self.url('http')}/internal/force_flush").raise_for_status()

    def flags(self) -> Mapping[str, str]:
        """Every flag of its command line with the value in force."""
        told = self.http.get(f"{self.url('http')}/metrics").raise_for_status().text
        return dict(re.findall(r'^flag\{name="([^"]+)", value="([^"]*)"', told, re.MULTILINE))
