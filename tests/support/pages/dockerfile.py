"""The Dockerfile, as the tests read it."""

from __future__ import annotations

import re

from support.pages.repository import ROOT

IMAGE = (ROOT / "Dockerfile").read_text()


def image_environment() -> dict[str, str]:
    """The settings of the image."""
    return dict(re.findall(r"(FUSE_OTEL_\w+)=(\S+)", IMAGE))


def image_user() -> int:
    (user,) = re.findall(r"^USER (\d+):", IMAGE, re.MULTILINE)
    return int(user)
