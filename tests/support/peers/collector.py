"""The OpenTelemetry Collector, with the pipelines that a test wants."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from support.peers.process import Process

Configuration = dict[str, Any]


class Collector(Process):
    """``exporters``: the Collector's own section of that name, for each signal. ``receiver`` and
    ``processors`` add to what is usual; ``queue`` keeps what waits for an exporter on the disk.
    """

    title = "the Collector"
    named_ports = ("http", "grpc", "health")

    def __init__(
        self,
        executable: Path,
        folder: Path,
        exporters: Mapping[str, Configuration],
        *,
        receiver: Configuration | None = None,
        processors: Configuration | None = None,
        queue: bool = False,
    ) -> None:
        super().__init__(executable, folder)
        self.exporters = exporters
        self.receiver = receiver or {}
        self.processors = processors or {}
        self.queue = queue

    def configure(self) -> Sequence[str]:
        file = self.folder / "collector.yaml"
        file.write_text(json.dumps(self._configuration(), indent=1))  # JSON is YAML
        return ["--config", str(file)]

    def is_ready(self) -> bool:
        """It says so itself; there is no health check among its parts."""
        started = self.log.rpartition("Starting otelcol")[2]
        return "Everything is ready. Begin running and processing data." in started

    def _configuration(self) -> Configuration:
        exporters = {
            f"{options['type']}/{signal}": {
                **{key: value for key, value in options.items() if key != "type"},
                **({"sending_queue": {"storage": "file_storage"}} if self.queue else {}),
            }
            for signal, options in self.exporters.items()
        }
        http = {"endpoint": self.address("http"), **self.receiver}
        grpc = {"endpoint": self.address("grpc")}
        return {
            "receivers": {"otlp": {"protocols": {"http": http, "grpc": grpc}}},
            "processors": self.processors,
            "exporters": exporters,
            **self._storage(),
            "service": {
                "extensions": ["file_storage"] if self.queue else [],
                "telemetry": {"metrics": {"level": "none"}},
                "pipelines": {
                    name.rpartition("/")[2]: {
                        "receivers": ["otlp"],
                        "processors": list(self.processors),
                        "exporters": [name],
                    }
                    for name in exporters
                },
            },
        }

    def _storage(self) -> Configuration:
        if not self.queue:
            return {}
        folder = self.folder / "queue"
        folder.mkdir(exist_ok=True)
        return {"extensions": {"file_storage": {"directory": str(folder), "fsync": True}}}
