"""No two places of the package share more than a dozen lines of the same shape, and no two classes
a name.
"""

import ast
import io
import keyword
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations, takewhile
from pathlib import Path

import pytest
from support.pages.repository import ROOT, repository_files

MOST = 12  # lines
SEED = 8  # lines of code: shorter runs cannot span more than a dozen
# Names, numbers and strings may differ: a copy with other words is a copy.
SHAPES = {tokenize.NAME: "name", tokenize.NUMBER: "number", tokenize.STRING: "string"}
LAYOUT = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENDMARKER,
}  # fmt: skip
# Each kind of store has its own, under the name that what they share uses.
OF_EACH_STORE = {"Connection", "Database"}
Lines = list[tuple[int, str]]
PACKAGE = [
    path
    for path in repository_files()
    if path.suffix == ".py" and ROOT / "fuse_otel" in path.parents
]


def function_lines(tree: ast.Module) -> set[int]:
    """The lines of all functions, without docstrings. Tables and fields may look alike, and so may
    constructors, which declare fields.
    """
    lines: set[int] = set()
    for node in ast.walk(tree):
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if is_function and node.name != "__init__":
            lines.update(range(node.lineno, node.end_lineno + 1))
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if is_text and isinstance(node.value.value, str):
            lines.difference_update(range(node.lineno, node.end_lineno + 1))
    return lines


def entry_lines(tree: ast.Module) -> set[int]:
    """The lines of the entries of dictionaries."""
    return {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for line in range(node.lineno + 1, node.end_lineno)
    }


def shapes(source: str) -> Iterator[tuple[int, str]]:
    """The number and the shape of each line of code in a function. Dictionary entries are data:
    one is never the copy of another.
    """
    tree = ast.parse(source)
    wanted, entries = function_lines(tree), entry_lines(tree)
    found: dict[int, list[str]] = defaultdict(list)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        line = token.start[0]
        if line in wanted and token.type not in LAYOUT:
            is_word = keyword.iskeyword(token.string)
            found[line].append(token.string if is_word else SHAPES.get(token.type, token.string))
    for line in sorted(found):
        yield line, f"{hash(source)}:{line}" if line in entries else " ".join(found[line])


def copies(files: dict[str, str]) -> list[str]:
    """Pairs of places that share more than ``MOST`` lines, blank lines between them included."""
    code = {name: list(shapes(source)) for name, source in files.items()}
    places: dict[tuple[str, ...], list[tuple[str, int]]] = defaultdict(list)
    for name, lines in code.items():
        for at in range(len(lines) - SEED + 1):
            places[tuple(shape for _, shape in lines[at : at + SEED])].append((name, at))
    return [
        f"{one[0]}:{first[0]}-{first[1]} ~ {other[0]}:{second[0]}-{second[1]}"
        for found in places.values()
        for one, other in combinations(found, 2)
        for first, second in [spans(code[one[0]][one[1] :], code[other[0]][other[1] :])]
        if min(first[1] - first[0], second[1] - second[0]) >= MOST
        and (one[0] != other[0] or first[1] < second[0])
    ]


def spans(one: Lines, other: Lines) -> tuple[tuple[int, int], tuple[int, int]]:
    """The first and the last line number of what both have in common from their starts on."""
    pairs = list(takewhile(lambda pair: pair[0][1] == pair[1][1], zip(one, other, strict=False)))
    (first, second), (last, end) = pairs[0], pairs[-1]
    return (first[0], last[0]), (second[0], end[0])


def test_the_package_has_no_copies():
    found = copies({str(path.relative_to(ROOT)): path.read_text() for path in PACKAGE})
    assert not found, "\n".join(found)


def test_no_two_classes_of_the_package_have_the_same_name():
    names = Counter(
        node.name
        for path in PACKAGE
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert len(names) > 100
    assert {name for name, count in names.items() if count > 1} <= OF_EACH_STORE


COPY = Path(__file__).read_text()


@pytest.mark.parametrize(("renamed", "lines"), [("places", MOST + 1), ("other_names", MOST + 1)])
def test_a_copy_with_other_names_is_found(renamed, lines):
    copy = COPY.replace("places", renamed).replace("shapes(", "forms(")
    assert copies({"a.py": COPY, "b.py": copy})


def test_a_short_copy_is_no_copy():
    short = "def f(a):\n" + "".join(f"    a = a + {n}\n" for n in range(MOST - 1))
    other = "\n\ndef g(a):\n    return [each for each in a]\n"
    assert not copies({"a.py": short + other, "b.py": other + short})
