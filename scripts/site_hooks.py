"""What ``make site`` does besides ProperDocs: it adds pages that are not in docs/, puts the
decisions into the navigation, and changes lists and links, so that they work as on the code host.
"""

from __future__ import annotations

import os.path
import re
import tomllib
from pathlib import Path, PurePosixPath
from typing import Any

from properdocs.config.defaults import ProperDocsConfig
from properdocs.structure.files import File, Files
from properdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
# Path in the repository → path on the site, as if it were in docs/.
OTHER_PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    ".github/CONTRIBUTING.md": "contributing.md",
    ".github/SECURITY.md": "security.md",
    ".github/CODE_OF_CONDUCT.md": "code-of-conduct.md",
}
_SOURCES = {page: path for path, page in OTHER_PAGES.items()}
# A link of Markdown to a file: neither an address nor a heading of the same page.
_LINK = re.compile(r"\]\((?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?\)")

_ITEM = re.compile(r"(?:[-*+]|\d+\.) +")


def repository() -> str:
    """The address of the repository, without a slash at its end."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return str(project["tool"]["hatch"]["metadata"]["hooks"]["custom"]["repository"])


def slug(heading: str, _separator: str) -> str:
    """The anchor that the code host gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def site_path(path: str) -> str | None:
    """``path``: of a file in the repository. Nothing if the site does not hold it."""
    if path in OTHER_PAGES:
        return OTHER_PAGES[path]
    return path.removeprefix("docs/") if path.startswith("docs/") else None


def site_links(text: str, page: str) -> str:
    """The page with links that lead to its neighbours on the site, or else to the repository.

    ``page``: its path on the site.
    """
    folder = PurePosixPath(_SOURCES.get(page, f"docs/{page}")).parent

    def link(found: re.Match[str]) -> str:
        path = os.path.normpath(folder / found[1])
        target = site_path(path)
        if target is None:
            return f"]({repository()}/blob/HEAD/{path}{found[2] or ''})"
        return f"]({os.path.relpath(target, PurePosixPath(page).parent)}{found[2] or ''})"

    return _LINK.sub(link, text)


def wide_lists(text: str) -> str:
    """The page with lists as Python-Markdown requires them: four columns below each item, and an
    empty line after an item of several paragraphs. The code host requires fewer columns.
    """
    lines: list[str] = []
    columns, paragraphs, in_fence = 0, 1, False
    for line in text.splitlines():
        in_fence ^= line.startswith("```")
        item = None if in_fence else _ITEM.match(line)
        if item and columns and paragraphs > 1 and lines[-1]:
            lines.append("")
        if not in_fence and line and not line.startswith(" "):
            columns, paragraphs = len(item[0]) if item else 0, 1
        paragraphs += not line
        below = columns and line.startswith(" " * columns)
        lines.append("    " + line[columns:] if below else line)
    return "\n".join(lines)


def on_config(config: ProperDocsConfig) -> ProperDocsConfig:
    config.repo_url = repository()
    config.mdx_configs["toc"]["slugify"] = slug
    folder = Path(config.docs_dir) / "decisions"
    numbered = [f"decisions/{path.name}" for path in sorted(folder.glob("[0-9]*.md"))]
    nav: list[Any] = config.nav or []
    (decisions,) = (each for each in nav if "Decisions" in each)
    decisions["Decisions"] += numbered
    return config


def on_files(files: Files, config: ProperDocsConfig) -> Files:
    for path, page in OTHER_PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / path).read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, **_context: object) -> str:
    return site_links(wide_lists(markdown), page.file.src_uri)
