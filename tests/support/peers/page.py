"""The blocks of ``docs/back-ends.md``, as the tests run them."""

from __future__ import annotations

import re
from typing import NamedTuple

from support.pages.repository import ROOT

PAGE = ROOT / "docs" / "back-ends.md"
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_EXPORT = re.compile(r"export (\w+)=(\S+)")


class Block(NamedTuple):
    """``section`` is the page's heading of the second order; ``number`` counts inside of it."""

    section: str
    number: int
    language: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.section} {self.number}"

    @property
    def settings(self) -> dict[str, str]:
        """Every line of a block of environment lines is one."""
        lines = self.text.strip().splitlines()
        found = [_EXPORT.fullmatch(line) for line in lines]
        assert all(found), self.text
        return {match[1]: match[2] for match in found if match}


def blocks(*languages: str) -> list[Block]:
    found = []
    for section in re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        title = section.partition("\n")[0]
        fences = [each for each in _FENCE.findall(section) if each[0] in languages]
        found += [Block(title, n, language, text) for n, (language, text) in enumerate(fences, 1)]
    return found


def table(section: str) -> list[list[str]]:
    """The cells of all tables of a section, without what sets words apart as code."""
    _, _, after = PAGE.read_text(encoding="utf-8").partition(f"## {section}\n")
    text = re.split(r"^## ", after, flags=re.MULTILINE)[0]
    rows = re.findall(r"^\| (.*) \|$", text, re.MULTILINE)
    return [[cell.strip().strip("`") for cell in row.split(" | ")] for row in rows]
