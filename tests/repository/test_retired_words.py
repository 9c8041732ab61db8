"""Words that the project gave up do not come back: each has a plainer word in their place."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.pages.repository import ROOT, repository_files


@dataclass(frozen=True)
class Word:
    """``allowed``: the files or folders where the word means something else, with the reason.
    ``below``: the folder where the word is retired. ``whole``: only if it is the whole name.
    """

    retired: str
    instead: str
    allowed: dict[str, str] = field(default_factory=dict)
    below: str = ""
    whole: bool = False


# In the names of the package's code, of its files, of the tests and of their files.
NAMES = [
    Word("accuse", "suspect"),
    Word("agenda", "timetable"),
    Word(
        "arenas", "malloc", {"tests/integration/daemon/test_malloc.py": "the C library's own word"}
    ),
    Word("asked", "requested"),
    Word("clerk", "job worker"),
    Word("crew", "workers"),
    Word(
        "flavour",
        "profile",
        {
            "fuse_otel/assembly": "the setting is called so",
            "fuse_otel/config": "the setting is called so",
            "tests/e2e/test_loki.py": "the setting is called so",
            "tests/unit/config": "the setting is called so",
            "tests/unit/core/encoding/test_renderings.py": "the setting is called so",
        },
    ),
    Word("gather", "detail pool"),
    Word("guilty", "poisoned"),
    Word("orders", "jobs"),
    Word("party", "pseudonym"),
    Word("said", "reported"),
    Word("settlement", "acknowledgement"),
    Word("shelf", "ingest"),
    Word("shipment", "export request"),
    Word("standing", "status report"),
    Word("story", "timeline"),
    Word("supply", "next request"),
    Word("tell", "report"),
    Word("tells", "reports"),
    Word("told", "reported"),
    Word("verdict", "acknowledgement"),
    Word("vocabulary", "rule names"),
    Word("vouched", "proven"),
    Word("works", "workers", below="fuse_otel/", whole=True),
]
# In the texts of the package (docstrings, comments, messages) and of the pages.
PHRASES = [
    Word("accused", "suspected"),
    Word("agenda", "timetable"),
    Word("clerk", "job worker"),
    Word("crew", "workers"),
    Word("foresaw", "unexpected"),
    Word("guilty", "poisoned"),
    Word("in hand", "in flight"),
    Word("not to be had", "not available"),
    Word("set aside", "in quarantine"),
    Word("settlement", "acknowledgement"),
    Word("shelf", "ingest"),
    Word("shipment", "export request"),
    Word("tells", "says, shows"),
    Word("told", "reported, asked, configured"),
    Word("verdict", "acknowledgement"),
    Word("vouched", "proven"),
    Word("work off", "process"),
    Word("works off", "processes"),
]


def path_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


FILES = [path for path in repository_files() if path != Path(__file__)]
PACKAGE = [
    path for path in FILES if path.suffix == ".py" and path_of(path).startswith("fuse_otel/")
]
TESTS = [path for path in FILES if path.suffix == ".py" and path_of(path).startswith("tests/")]
PAGES = [path for path in FILES if path.suffix == ".md"]


def is_allowed(word: Word, path: str) -> bool:
    return not path.startswith(word.below) or any(path.startswith(place) for place in word.allowed)


def parts(name: str) -> list[str]:
    """The words of an identifier, in lower case."""
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)]


def code_names(path: Path) -> Iterator[str]:
    """All identifiers of a file."""
    reading = io.StringIO(path.read_text()).readline
    for token in tokenize.generate_tokens(reading):
        if token.type == tokenize.NAME:
            yield token.string


def test_names(path: Path) -> Iterator[str]:
    """The functions and classes of a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name


test_names.__test__ = False


def texts(path: Path) -> str:
    """The strings and comments of a module, the whole of a page; white space is one blank."""
    source = path.read_text()
    if path.suffix == ".py":
        tokens = tokenize.generate_tokens(io.StringIO(source).readline)
        kinds = {tokenize.STRING, tokenize.COMMENT}
        source = "\n".join(token.string for token in tokens if token.type in kinds)
    return re.sub(r"[\s#]+", " ", source.lower())


ALL_NAMES = {
    path_of(path): {
        word for name in (path.stem, *names(path)) for word in (f"={name}", *parts(name))
    }
    for files, names in ((PACKAGE, code_names), (TESTS, test_names))
    for path in files
}
ALL_TEXTS = {path_of(path): texts(path) for path in (*PACKAGE, *PAGES)}


@pytest.mark.parametrize("word", NAMES, ids=lambda word: word.retired)
def test_no_name_has_a_retired_word(word):
    found = [
        path
        for path, names in ALL_NAMES.items()
        if ("=" * word.whole) + word.retired in names and not is_allowed(word, path)
    ]
    assert not found, f"say {word.instead}"


@pytest.mark.parametrize("word", PHRASES, ids=lambda word: word.retired)
def test_no_text_has_a_retired_word(word):
    found = [
        path
        for path, text in ALL_TEXTS.items()
        if re.search(rf"\b{word.retired}\b", text) and not is_allowed(word, path)
    ]
    assert not found, f"say {word.instead}"


@pytest.mark.parametrize("word", [*NAMES, *PHRASES], ids=lambda word: word.retired)
def test_an_allowed_place_uses_the_word(word):
    """Else the exception is no longer needed."""
    for place in word.allowed:
        assert any(
            word.retired in names for path, names in ALL_NAMES.items() if path.startswith(place)
        ) or any(word.retired in text for path, text in ALL_TEXTS.items() if path.startswith(place))
