import os
from pathlib import Path

import pytest

from fuse_otel.config import load
from fuse_otel.errors import ConfigurationError

FOLDER = Path(__file__).parents[2] / "data" / "config"
BAD = sorted(FOLDER.glob("bad-*.toml"))


def test_each_bad_file_has_a_file_of_messages():
    assert len(BAD) >= 30
    assert [file.with_suffix(".txt") for file in BAD] == sorted(FOLDER.glob("bad-*.txt"))


@pytest.mark.parametrize("file", BAD, ids=lambda file: file.stem)
def test_a_bad_file_gives_exactly_the_expected_messages(file, monkeypatch):
    monkeypatch.chdir(FOLDER)
    with pytest.raises(ConfigurationError) as caught:
        load(environ={}, config_file=file.name)
    if os.environ.get("UPDATE_GOLDENS"):
        file.with_suffix(".txt").write_text("\n".join(caught.value.problems) + "\n")
    assert list(caught.value.problems) == file.with_suffix(".txt").read_text().splitlines()


def test_no_message_repeats_a_credential_or_a_number():
    said = "".join(file.with_suffix(".txt").read_text() for file in BAD)
    for secret in ("password", "geheim", "12345", "+1555", "OPS@example.com", "ops%40"):
        assert secret not in said


def test_no_message_contains_words_of_pydantic():
    said = "".join(file.with_suffix(".txt").read_text() for file in BAD).lower()
    for word in ("pydantic", "validation", "input_", "valueerror", "type=", "extra inputs"):
        assert word not in said
