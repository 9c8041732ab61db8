"""The manifests for people without Helm: the chart's, without the labels of Helm."""

from __future__ import annotations

import re
from pathlib import Path

from support.kubernetes.chart import render_text
from support.pages.repository import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
# Each file, and the values that it is rendered with.
PLAIN = {
    FOLDER / "fuse-otel.yaml": "default",
    FOLDER / "fuse-otel-postgresql.yaml": "postgresql",
}
_HEAD = """\
# Rendered from deploy/helm/fuse-otel by `make manifests`. Do not edit. Create the Secret first
# (secret.example.yaml), and set `image` to the name under which you pushed the image.
"""
_OF_HELM = re.compile(
    r"^(# Source: .*|\s*helm\.sh/chart: .*|\s*app\.kubernetes\.io/managed-by: Helm)\n", re.MULTILINE
)


def plain_manifests(helm: Path) -> dict[Path, str]:
    """Each file with its content."""
    return {path: _HEAD + _OF_HELM.sub("", render_text(helm, name)) for path, name in PLAIN.items()}
