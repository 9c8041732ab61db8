"""Writes what belongs beside the wheel of a release into ``dist/``: checksums, a bill of materials
(CycloneDX) and the licences of everything that the wheel is installed with. ``make release-files``.

The versions and hashes are those of requirements/runtime.txt, the licences those that the installed
packages state.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import re
from collections.abc import Iterator
from pathlib import Path

from bill_of_materials import Package, bill_of_materials, component, python_package
from cyclonedx.model.component import ComponentType

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements" / "runtime.txt"
CHECKSUMS = "SHA256SUMS"


def locked() -> Iterator[Package]:
    """The packages of the lock. Raises ``ValueError`` if another version is installed,
    ``PackageNotFoundError`` if none is.
    """
    for line in LOCK.read_text("utf-8").replace("\\\n", " ").splitlines():
        if not (found := re.match(r"([a-z0-9-]+)==([^\s;]+)", line)):
            continue
        name, version = found.groups()
        hashes = tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
        package = python_package(importlib.metadata.metadata(name), hashes)
        if package.version != version:
            raise ValueError(f"{name} is {package.version} here, {version} in the lock")
        yield package


def licence_list(packages: list[Package]) -> str:
    return "".join(f"{each.name} {each.version}: {', '.join(each.licences)}\n" for each in packages)


def checksums(folder: Path) -> str:
    """As ``sha256sum --check`` reads them. Their own file and its signature are left out."""
    files = sorted(path for path in folder.iterdir() if not path.name.startswith(CHECKSUMS))
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the files beside the wheel of a release.")
    parser.add_argument("folder", type=Path, help="where the wheel is")
    folder = parser.parse_args().folder
    if not list(folder.glob("*.whl")):
        parser.error(f"{folder} has no wheel: run make build first")
    product = python_package(importlib.metadata.metadata("fuse-otel"))
    packages = list(locked())
    application = component(product, ComponentType.APPLICATION)
    for file, text in (
        (
            f"{product.name}-{product.version}.cdx.json",
            bill_of_materials(application, map(component, packages)),
        ),
        ("LICENCES.txt", licence_list(packages)),
    ):
        (folder / file).write_text(text, "utf-8")
    (folder / CHECKSUMS).write_text(checksums(folder), "utf-8")
    for path in sorted(folder.iterdir()):
        print(path)


if __name__ == "__main__":
    main()
