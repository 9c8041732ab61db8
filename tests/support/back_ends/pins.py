"""Which programs the end-to-end tests run, as ``tests/e2e/back-ends.toml`` lists them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

from support.pages.repository import ROOT

LIST = ROOT / "tests" / "e2e" / "back-ends.toml"


@dataclass(frozen=True)
class Program:
    """Built by the Collector's ``builder`` from ``parts``, or from ``module``; or the executable
    ``package`` in a ``wheel`` that has one of the ``hashes``; or the whole archive of the package
    ``npm`` that has one of them; or one of ``commands`` on the PATH, which the package ``debian``
    brings. ``release``: what the project calls the version, if its module has another number.
    """

    name: str
    title: str
    version: str
    builder: str = ""
    parts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    module: str = ""
    package: str = ""
    commands: Sequence[str] = ()
    debian: str = ""
    wheel: str = ""
    npm: str = ""
    hashes: Sequence[str] = ()
    release: str = ""

    @property
    def label(self) -> str:
        """Name and version, for people."""
        module = f" (module {self.version})" if self.release else ""
        return f"{self.title} {self.release or self.version}{module}"

    @property
    def built(self) -> Path:
        """Where the build of just this recipe is kept."""
        fields = asdict(self)
        del fields["release"]  # the same program whatever it is called
        # What was built before these were known is still found.
        if not self.npm:
            del fields["npm"]
            if not self.wheel:
                del fields["wheel"], fields["hashes"]
        recipe = json.dumps(fields, sort_keys=True).encode()
        return cache_folder() / f"{self.name}-{hashlib.sha256(recipe).hexdigest()[:12]}"

    def find(self) -> Path | None:
        if not self.commands:
            return self.built if self.built.exists() else None
        found = next(filter(None, map(shutil.which, self.commands)), None)
        return Path(found) if found else None


def cache_folder() -> Path:
    """``FUSE_OTEL_BACK_ENDS``, else the user's cache."""
    if told := os.environ.get("FUSE_OTEL_BACK_ENDS"):
        return Path(told).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "fuse-otel" / "back-ends"


@cache
def programs() -> Mapping[str, Program]:
    listed = tomllib.loads(LIST.read_text())["program"]
    return {each["name"]: Program(**each) for each in listed}


def oldest_go() -> tuple[int, ...]:
    told = tomllib.loads(LIST.read_text())["go"]
    return tuple(map(int, told.split(".")))
