"""Writes the dashboards as JSON: ``make dashboards``."""

from __future__ import annotations

import json
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana import call_flow, calls, daemon

FOLDER = Path(__file__).parent / "dashboards"


def dashboards() -> dict[Path, str]:
    """Each file with its content."""
    made = [module.made().build() for module in (calls, call_flow, daemon)]
    for each in made:
        for number, panel in enumerate(each.panels or (), 1):
            panel.id_val = number
    return {
        FOLDER / f"{each.uid}.json": json.dumps(each, cls=JSONEncoder, indent=2, ensure_ascii=False)
        + "\n"
        for each in made
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path, content in dashboards().items():
        path.write_text(content)
