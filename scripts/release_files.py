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
from typing import NamedTuple

from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    XsUri,
)
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements" / "runtime.txt"


class Package(NamedTuple):
    """``licence`` as the package states it: an SPDX expression, or words."""

    name: str
    version: str
    licence: str
    hashes: tuple[str, ...] = ()


def licence_of(name: str) -> str:
    """Raises ``PackageNotFoundError`` if it is not installed, ``ValueError`` without a licence."""
    stated = importlib.metadata.metadata(name)
    found = stated.get("License-Expression") or stated.get("License")
    for classifier in stated.get_all("Classifier") or []:
        if not found and classifier.startswith("License :: "):
            found = classifier.rpartition(" :: ")[2]
    if not found:
        raise ValueError(f"{name} states no licence")
    return str(found)


def locked() -> Iterator[Package]:
    """The packages of the lock. Raises ``ValueError`` if another version is installed."""
    for line in LOCK.read_text("utf-8").replace("\\\n", " ").splitlines():
        if not (found := re.match(r"([a-z0-9-]+)==([^\s;]+)", line)):
            continue
        name, version = found.groups()
        if (installed := importlib.metadata.version(name)) != version:
            raise ValueError(f"{name} is {installed} here, {version} in the lock")
        hashes = tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
        yield Package(name, version, licence_of(name), hashes)


def component(package: Package) -> Component:
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=package.name,
        purl=PackageURL("pypi", None, package.name, package.version),
        licenses=[DisjunctiveLicense(name=package.licence)],
        external_references=[distribution(package)] if package.hashes else [],
    )


def distribution(package: Package) -> ExternalReference:
    """The files that the lock accepts: one hash for each system and version of Python."""
    return ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(f"https://pypi.org/project/{package.name}/{package.version}/"),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in package.hashes],
    )


def bill_of_materials(product: Package, packages: list[Package]) -> str:
    """JSON. All packages of the lock are listed as dependencies of the product."""
    root = component(product)
    root.type = ComponentType.APPLICATION
    bom = Bom(components=[component(package) for package in packages])
    bom.metadata.component = root
    bom.register_dependency(root, bom.components)
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def licence_list(packages: list[Package]) -> str:
    return "".join(f"{each.name} {each.version}: {each.licence}\n" for each in packages)


def checksums(folder: Path) -> str:
    """As ``sha256sum --check`` reads them."""
    files = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the files beside the wheel of a release.")
    parser.add_argument("folder", type=Path, help="where the wheel is")
    folder = parser.parse_args().folder
    if not list(folder.glob("*.whl")):
        parser.error(f"{folder} has no wheel: run make build first")
    name = "fuse-otel"
    product = Package(name, importlib.metadata.version(name), licence_of(name))
    packages = list(locked())
    for file, text in (
        (f"{name}-{product.version}.cdx.json", bill_of_materials(product, packages)),
        ("LICENCES.txt", licence_list(packages)),
    ):
        (folder / file).write_text(text, "utf-8")
    (folder / "SHA256SUMS").write_text(checksums(folder), "utf-8")
    for path in sorted(folder.iterdir()):
        print(path)


if __name__ == "__main__":
    main()
