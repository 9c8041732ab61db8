"""The chart, rendered by Helm."""

from __future__ import annotations

import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from kubernetes_validate.utils import all_versions

from support.pages.repository import ROOT
from support.patience import PATIENCE

CHART = ROOT / "deploy" / "helm" / "fuse-otel"
# The default values, and a file for each other way of using the chart.
VALUES = {"default": None} | {
    path.name.removesuffix("-values.yaml"): path for path in sorted((CHART / "ci").iterdir())
}

# Without a cluster, a Helm that is built from its module takes an old version of Kubernetes.
OLDEST, *_, NEWEST = all_versions()

Manifest = dict[str, Any]


class HelmFailed(Exception):
    """The message is what Helm wrote."""


def run_helm(helm: Path, *words: str | Path) -> str:
    """What Helm prints. It keeps nothing on this machine, and asks no cluster.

    Raises ``HelmFailed``.
    """
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [helm, *words],
            env={"PATH": os.environ["PATH"], "HOME": folder},
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
    if done.returncode != 0:
        raise HelmFailed(done.stdout + done.stderr)
    return done.stdout


def values_of(name: str) -> list[str | Path]:
    """The flags of Helm for the values of ``name``."""
    found = VALUES[name]
    return [] if found is None else ["--values", found]


def render_text(helm: Path, name: str, *words: str, version: str = NEWEST) -> str:
    """``words`` are further flags of Helm, ``version`` is that of Kubernetes."""
    return run_helm(
        helm, "template", "fuse-otel", CHART, "--kube-version", version, *values_of(name), *words
    )


@cache
def render(helm: Path, name: str = "default", *words: str, version: str = NEWEST) -> list[Manifest]:
    """The manifests with the values of ``name``."""
    text = render_text(helm, name, *words, version=version)
    return [each for each in yaml.safe_load_all(text) if each]


def of_kind(manifests: list[Manifest], kind: str) -> list[Manifest]:
    return [each for each in manifests if each["kind"] == kind]


def the(manifests: list[Manifest], kind: str) -> Manifest:
    (found,) = of_kind(manifests, kind)
    return found


def workload_of(manifests: list[Manifest]) -> Manifest:
    (found,) = (each for each in manifests if each["kind"] in {"StatefulSet", "Deployment"})
    return found


def pod_of(manifests: list[Manifest]) -> Manifest:
    """The specification of the only workload's pods."""
    spec: Manifest = workload_of(manifests)["spec"]["template"]["spec"]
    return spec


def environment_of(pod: Manifest) -> dict[str, str]:
    """The variables of the only container; "" for one that a Secret has."""
    (container,) = pod["containers"]
    return {each["name"]: each.get("value", "") for each in container["env"]}


def secret_files_of(pod: Manifest) -> dict[str, tuple[str, str]]:
    """Each file in the volume of several Secrets, with its Secret and the key there."""
    sources = [
        source["secret"]
        for volume in pod["volumes"]
        for source in volume.get("projected", {}).get("sources", ())
    ]
    return {
        item["path"]: (source["name"], item["key"])
        for source in sources
        for item in source["items"]
    }
