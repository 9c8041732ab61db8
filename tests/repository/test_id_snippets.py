"""The programs on the page of the data model print the ids of the test vectors."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.builders.id_vectors import SNIPPETS, vectors
from support.pages.repository import ROOT

PAGE = (ROOT / "docs" / "telemetry.md").read_text(encoding="utf-8")
LANGUAGES = {
    "python": ("ids.py", sys.executable, ()),
    "go": ("ids.go", "go", ("run",)),
    "javascript": ("ids.mjs", "node", ()),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_program_of_the_page_prints_the_vectors(language, tmp_path):
    file, program, words = LANGUAGES[language]
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    code = (SNIPPETS / file).read_text(encoding="utf-8")
    assert f"```{language}\n{code}```\n" in PAGE
    source = Path(shutil.copy(SNIPPETS / file, tmp_path))
    command = built(found, source) if language == "go" else [found, *words, str(source)]
    for vector in vectors():
        words_of = [*command, vector.namespace, vector.session_id]
        ran = subprocess.run(words_of, check=True, capture_output=True, text=True)
        assert ran.stdout.split() == [vector.trace_id, *vector.span_ids]


def built(go, source):
    binary = source.with_suffix("")
    cache = {} if "HOME" in os.environ else {"GOCACHE": str(source.parent / "cache")}
    subprocess.run(
        [go, "build", "-o", str(binary), str(source)],
        check=True,
        cwd=source.parent,
        env={**os.environ, **cache},
        capture_output=True,
    )
    return [str(binary)]
