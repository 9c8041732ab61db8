"""The committed dashboards of Grafana, and the queries in them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from support.pages.repository import ROOT

FOLDER = ROOT / "deploy" / "grafana"
DASHBOARDS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("dashboards/*.json"))
}
_ROW = "row"
_PROMETHEUS = "prometheus"


@dataclass(frozen=True)
class PanelQuery:
    """``expression`` as it is in the file, with Grafana's variables."""

    board: str
    panel: str
    ref: str
    expression: str
    legend: str

    def __str__(self) -> str:
        return f"{self.board}: {self.panel} {self.ref}"

    def filled(self, window: str, **variables: str) -> str:
        """With the values that Grafana would put in. ``window`` is a duration of PromQL."""
        found = self.expression
        for name in ("__rate_interval", "__range"):
            found = found.replace(f"${name}", window)
        for name, value in variables.items():
            found = found.replace(f"${name}", value)
        return found


def panels(board: str) -> list[dict[str, Any]]:
    """Those in closed rows, too, but not the rows."""
    return [each for each in with_rows(board) if each["type"] != _ROW]


def with_rows(board: str) -> list[dict[str, Any]]:
    placed = DASHBOARDS[board]["panels"]
    return [inner for each in placed for inner in (each, *each.get("panels", []))]


def charts(board: str) -> list[dict[str, Any]]:
    """The panels that show data of Prometheus."""
    return [each for each in panels(board) if each["datasource"]["type"] == _PROMETHEUS]


def variables(board: str) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in DASHBOARDS[board]["templating"]["list"]}


QUERIES = [
    PanelQuery(
        board, panel["title"], target["refId"], target["expr"], target.get("legendFormat", "")
    )
    for board in DASHBOARDS
    for panel in charts(board)
    for target in panel["targets"]
]
