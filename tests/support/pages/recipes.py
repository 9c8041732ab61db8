"""The queries of ``docs/recipes.md``."""

import re
from typing import NamedTuple

from support.pages.repository import ROOT

PAGE = ROOT / "docs" / "recipes.md"
LANGUAGES = ("traceql", "logql", "logsql", "promql", "jaeger")
_PART = re.compile(
    r"^### (?P<question>[^\n]+)$|^```(?P<language>\w+)\n(?P<query>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


class Recipe(NamedTuple):
    question: str
    language: str
    query: str


def recipes(language: str) -> list[Recipe]:
    found, question = [], ""
    for part in _PART.finditer(PAGE.read_text(encoding="utf-8")):
        question = part["question"] or question
        if part["language"] == language:
            found.append(Recipe(question, language, part["query"].strip()))
    return found
