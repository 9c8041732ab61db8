"""Writes the bill of materials of a built image: Debian's packages of its base, Python, and what is
installed with the program. ``docker export CONTAINER | scripts/image_bom.py FILE``.

It reads what the files of the image state, so it needs neither the engine nor the programs in it.
"""

from __future__ import annotations

import argparse
import email
import posixpath
import re
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from bill_of_materials import Package, bill_of_materials, component, python_package
from cyclonedx.model.component import Component, ComponentType
from packageurl import PackageURL

PRODUCT = "fuse-otel"
STATUS = "var/lib/dpkg/status"
# Debian's own Python packages are in the status of dpkg.
METADATA = re.compile(r"(?:opt|usr/local)/.*/site-packages/[^/]+\.dist-info/METADATA")
# A base of Docker's library compiles Python itself.
PYTHON = re.compile(r"usr/local/include/python3[.\d]+/patchlevel\.h")
NEEDED = re.compile(
    rf"{METADATA.pattern}|{PYTHON.pattern}|{STATUS}|(?:etc|usr/lib)/os-release"
    r"|usr/share/doc/[^/]+(?:/copyright)?"
)


class Files:
    """What is needed of the files of an image, by their paths without the first slash."""

    def __init__(self, archive: IO[bytes]) -> None:
        self._texts: dict[str, str] = {}
        self._links: dict[str, str] = {}
        with tarfile.open(fileobj=archive, mode="r|*") as members:
            for member in members:
                path = posixpath.normpath(member.name).lstrip("/")
                if not NEEDED.fullmatch(path):
                    continue
                if member.issym():
                    target = posixpath.join(posixpath.dirname(f"/{path}"), member.linkname)
                    self._links[path] = posixpath.normpath(target).lstrip("/")
                elif member.islnk():
                    self._links[path] = posixpath.normpath(member.linkname).lstrip("/")
                elif (file := members.extractfile(member)) is not None:
                    self._texts[path] = file.read().decode("utf-8", "replace")

    def read(self, path: str) -> str:
        """Follows links. Empty if there is no such file."""
        for _ in range(9):  # longer chains of links do not exist, but circles might
            if path in self._texts:
                return self._texts[path]
            folder, name = posixpath.split(path)
            if path in self._links:
                path = self._links[path]
            elif folder in self._links:
                path = f"{self._links[folder]}/{name}"
        return ""

    def matching(self, pattern: re.Pattern[str]) -> Iterator[str]:
        """The texts of all files with such a path."""
        return (text for path, text in self._texts.items() if pattern.fullmatch(path))


def distribution(files: Files) -> tuple[str, str]:
    """Its id and version: ``debian``, ``13``."""
    stated = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', files.read("etc/os-release"), re.MULTILINE))
    return stated["ID"], stated["VERSION_ID"]


def debian_packages(files: Files) -> Iterator[Package]:
    name, version = distribution(files)
    for stanza in files.read(STATUS).strip().split("\n\n"):
        stated = email.message_from_string(stanza)
        if not str(stated["Status"]).endswith(" installed"):
            continue
        qualifiers = {"arch": stated["Architecture"], "distro": f"{name}-{version}"}
        if source := stated["Source"]:
            # Debian's lists of vulnerabilities name the source package: `gcc-14 (14.2.0-19)`.
            qualifiers["upstream"] = re.sub(r" \((.+)\)", r"@\1", source)
        purl = PackageURL("deb", name, stated["Package"], stated["Version"], qualifiers)
        yield Package(purl, debian_licences(files.read(f"usr/share/doc/{purl.name}/copyright")))


def debian_licences(text: str) -> tuple[str, ...]:
    """Of a file ``copyright``: the short names of its fields, or else the licences it points to."""
    found = re.findall(r"^License: *(\S.*?) *$", text, re.MULTILINE)
    return tuple(sorted(set(found or re.findall(r"/common-licenses/([\w.+-]*\w\+?)", text))))


def python_itself(files: Files) -> Iterator[Package]:
    for header in files.matching(PYTHON):
        (version,) = re.findall(r'^#define PY_VERSION +"(\S+)"', header, re.MULTILINE)
        yield Package(PackageURL("generic", None, "python", version), ("PSF-2.0",))


def of_image(files: Files) -> str:
    """Raises ``ValueError`` if fuse-otel or Debian's packages are not in the image."""
    pythons = [python_package(email.message_from_string(each)) for each in files.matching(METADATA)]
    products = [each for each in pythons if each.name == PRODUCT]
    debian = list(debian_packages(files)) if files.read(STATUS) else []
    if not products or not debian:
        missing = "Debian's packages" if products else PRODUCT
        raise ValueError(f"the image has no list of {missing}")
    name, version = distribution(files)
    system = Component(name=name, version=version, type=ComponentType.OPERATING_SYSTEM)
    others = [*debian, *python_itself(files), *(each for each in pythons if each.name != PRODUCT)]
    product = component(products[0], ComponentType.CONTAINER)
    return bill_of_materials(product, [system, *map(component, others)])


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the bill of materials of an image.")
    parser.add_argument("file", type=Path, help="where to write it")
    file = parser.parse_args().file
    try:
        text = of_image(Files(sys.stdin.buffer))
    except (ValueError, tarfile.TarError) as problem:
        sys.exit(f"image: {problem}")
    file.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
