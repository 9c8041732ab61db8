"""The page of operations tells what each alert means and what to do."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_alert_is_explained_and_no_other():
    rules = (ROOT / "deploy" / "prometheus" / "fuse-otel.rules.yaml").read_text()
    page = (ROOT / "docs" / "operations.md").read_text()
    alerts = re.findall(r"- alert: (\w+)", rules)
    assert len(alerts) > 5
    assert re.findall(r"^\| `(FuseOtel\w+)` \| .+ \| .+ \|$", page, re.MULTILINE) == alerts
