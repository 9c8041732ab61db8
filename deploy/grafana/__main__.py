"""Writes the dashboards as JSON: ``make dashboards``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Panel, RowPanel

from deploy.grafana import call_flow, calls, daemon

FOLDER = Path(__file__).parent / "dashboards"


def dashboards() -> dict[Path, str]:
    """Each file with its content."""
    made = [module.made().build() for module in (calls, call_flow, daemon)]
    for each in made:
        for number, panel in enumerate(_with_those_in_rows(each.panels or []), 1):
            panel.id_val = number
    return {
        FOLDER / f"{each.uid}.json": json.dumps(each, cls=JSONEncoder, indent=2, ensure_ascii=False)
        + "\n"
        for each in made
    }


def _with_those_in_rows(panels: Sequence[Panel | RowPanel]) -> Iterator[Panel | RowPanel]:
    for panel in panels:
        yield panel
        if isinstance(panel, RowPanel):
            yield from panel.panels


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path, content in dashboards().items():
        path.write_text(content)
