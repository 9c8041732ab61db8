"""Prometheus and Alertmanager, for the alerts that come with fuse-otel."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from support.peers.process import Process

_NOBODY = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}


class Alertmanager(Process):
    """``configuration``: the content of its file; nobody is notified by default."""

    title = "Alertmanager"
    named_ports = ("http",)

    def __init__(
        self, executable: Path, folder: Path, configuration: Mapping[str, Any] = _NOBODY
    ) -> None:
        super().__init__(executable, folder)
        self.configuration = configuration

    def configure(self) -> Sequence[str]:
        file = self.folder / "alertmanager.yaml"
        file.write_text(json.dumps(self.configuration))
        return [
            f"--config.file={file}",
            f"--storage.path={self.folder / 'state'}",
            f"--web.listen-address={self.address('http')}",
            "--cluster.listen-address=",
        ]

    def is_ready(self) -> bool:
        return self.answers(f"{self.url('http')}/-/ready")

    def alerts(self) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = self.get(f"{self.url('http')}/api/v2/alerts")
        return found

    def fire(self, *labels: Mapping[str, str]) -> None:
        """Report one firing alert for each set of labels, as Prometheus does."""
        alerts = [{"labels": each} for each in labels]
        self.http.post(f"{self.url('http')}/api/v2/alerts", json=alerts).raise_for_status()


class Prometheus(Process):
    """Scrapes ``target`` (host:port) and evaluates ``rules`` every second. ``access``: keys of the
    scrape configuration, such as ``scheme`` and ``basic_auth``.
    """

    title = "Prometheus"
    named_ports = ("http",)

    def __init__(
        self,
        executable: Path,
        folder: Path,
        target: str,
        rules: Path | None = None,
        alertmanager: str = "",
        access: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(executable, folder)
        self.access = access or {}
        self.target, self.rules, self.alertmanager = target, rules, alertmanager

    def configure(self) -> Sequence[str]:
        file = self.folder / "prometheus.yaml"
        told = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(self.rules)] if self.rules else [],
            "scrape_configs": [
                {
                    "job_name": "fuse-otel",
                    "static_configs": [{"targets": [self.target]}],
                    **self.access,
                }
            ],
        }
        if self.alertmanager:
            targets = [{"static_configs": [{"targets": [self.alertmanager]}]}]
            told["alerting"] = {"alertmanagers": targets}
        file.write_text(json.dumps(told))
        return [
            f"--config.file={file}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address={self.address('http')}",
            "--enable-feature=exemplar-storage",
        ]

    def is_ready(self) -> bool:
        return self.answers(f"{self.url('http')}/-/ready")

    def exemplars(self, expression: str, since: float, until: float) -> list[Mapping[str, Any]]:
        """Of all series in the expression, between two moments in UNIX seconds."""
        where = f"{self.url('http')}/api/v1/query_exemplars"
        answer = self.get(where, query=expression, start=since, end=until)
        return [each for series in answer["data"] for each in series["exemplars"]]

    def query(self, expression: str, at: float | None = None) -> list[Mapping[str, Any]]:
        """``at``: in UNIX seconds, now by default."""
        when = {} if at is None else {"time": at}
        answer = self.get(f"{self.url('http')}/api/v1/query", query=expression, **when)
        assert answer["status"] == "success"
        found: list[Mapping[str, Any]] = answer["data"]["result"]
        return found

    def rules_by_name(self) -> dict[str, Mapping[str, Any]]:
        groups = self.get(f"{self.url('http')}/api/v1/rules")["data"]["groups"]
        return {rule["name"]: rule for group in groups for rule in group["rules"]}

    def rules_work(self) -> bool:
        """Whether all rules were evaluated without an error, at least once."""
        return {rule["health"] for rule in self.rules_by_name().values()} == {"ok"}
