"""``deploy/docker-compose.yaml``, as Docker Compose reads it."""

from __future__ import annotations

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from support.pages.repository import ROOT
from support.patience import PATIENCE

FOLDER = ROOT / "deploy"
FILE = FOLDER / "docker-compose.yaml"
# The value of COMPOSE_PROFILES, and the back ends that then take the calls.
BACK_ENDS = {"": ("tempo", "loki"), "jaeger-victorialogs": ("jaeger", "victorialogs")}

Model = dict[str, Any]


class ComposeFailed(Exception):
    """The message is what Docker Compose wrote."""


def read_model(program: Path, *files: Path, **variables: str) -> Model:
    """The files on top of each other, with all variables, anchors and files of settings in their
    places.

    Raises ``ComposeFailed``.
    """
    folder = files[0].parent
    named = [word for file in files for word in ("--file", file)]
    kept = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    done = subprocess.run(
        [program, *named, "config", "--format", "json"],
        env={**kept, **variables},
        cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise ComposeFailed(done.stderr)
    model: Model = json.loads(done.stdout)
    return model


@cache
def model_of(program: Path, profile: str) -> Model:
    return read_model(program, FILE, COMPOSE_PROFILES=profile)


def mounted(service: Model, target: str) -> Path:
    """The file or folder of the repository that the service has at ``target``."""
    (found,) = (each["source"] for each in service["volumes"] if each["target"] == target)
    return Path(found)
