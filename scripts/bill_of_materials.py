"""Bills of materials in the form of CycloneDX 1.6: of the wheel, and of the image."""

from __future__ import annotations

from collections.abc import Iterable
from email.message import Message
from typing import NamedTuple

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL


class Package(NamedTuple):
    """``licences`` as the package states them: SPDX expressions, or words. ``hashes``: SHA-256."""

    purl: PackageURL
    licences: tuple[str, ...]
    hashes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.purl.name

    @property
    def version(self) -> str:
        return self.purl.version or ""


def python_package(stated: Message, hashes: tuple[str, ...] = ()) -> Package:
    """``stated``: METADATA of an installed package. Raises ``ValueError`` without a licence."""
    name, version = str(stated["Name"]), str(stated["Version"])
    found = stated.get("License-Expression") or stated.get("License")
    for classifier in stated.get_all("Classifier") or []:
        if not found and classifier.startswith("License :: "):
            found = classifier.rpartition(" :: ")[2]
    if not found:
        raise ValueError(f"{name} states no licence")
    return Package(PackageURL("pypi", None, name, version), (str(found),), hashes)


def component(package: Package, kind: ComponentType = ComponentType.LIBRARY) -> Component:
    return Component(
        name=package.name,
        version=package.version,
        type=kind,
        bom_ref=package.purl.to_string(),
        purl=package.purl,
        licenses=[DisjunctiveLicense(name=each) for each in package.licences],
        external_references=[_distribution(package)] if package.hashes else [],
    )


def bill_of_materials(product: Component, components: Iterable[Component]) -> str:
    """JSON. All components are listed as dependencies of the product."""
    bom = Bom(components=components)
    bom.metadata.component = product
    bom.register_dependency(product, bom.components)
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def _distribution(package: Package) -> ExternalReference:
    """The files that the lock accepts: one hash for each system and version of Python."""
    return ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(f"https://pypi.org/project/{package.name}/{package.version}/"),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in package.hashes],
    )
