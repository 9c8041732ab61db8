"""What the wheel says about itself besides pyproject.toml: the project's links, and the README with
links that also lead somewhere on the page of a package registry.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

# A link of Markdown to a file of the repository: neither an address nor a heading of the page.
_RELATIVE = re.compile(r"\]\((?![a-z]+:|#)([^)\s]+)\)")


def absolute(text: str, address: str) -> str:
    """``address``: of the repository, without a slash at its end."""
    return _RELATIVE.sub(rf"]({address}/blob/HEAD/\1)", text)


class ReadmeMetadata(MetadataHookInterface):
    def update(self, metadata: dict[str, Any]) -> None:
        address = self.config["repository"]
        text = (Path(self.root) / "README.md").read_text("utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": absolute(text, address)}
        metadata["urls"] = {
            "Repository": address,
            "Documentation": f"{address}/blob/HEAD/README.md#documentation",
            "Changelog": f"{address}/blob/HEAD/CHANGELOG.md",
            "Issues": f"{address}/issues",
        }
