"""`fuse-otel caller` at a real terminal."""

import os
import pty
import subprocess
import sys

import pytest
from support.patience import PATIENCE
from support.rigs.program import environment

from fuse_otel.core.redaction.pseudonym import developer_key_pseudonym, user_hash

NUMBER = "2125550123"
END_OF_INPUT = b"\x04"


@pytest.fixture
def typed(tmp_path):
    """What a terminal shows behind the prompt when this is typed, and the exit code."""
    file = tmp_path / "fuse-otel.toml"
    file.write_text('email = "a@example.com"\ndeveloper_key = "first"\n')

    def run(keys):
        parent, child = pty.openpty()
        command = [sys.executable, "-m", "fuse_otel", "caller", "--config", file]
        # In its own session, so that it does not ask at the terminal of whoever runs the tests.
        program = subprocess.Popen(
            command,
            stdin=child,
            stdout=child,
            stderr=child,
            start_new_session=True,
            env=environment(PYTHONUTF8="1"),
        )
        os.close(child)
        shown = b""
        while b"(not shown): " not in shown:
            shown += os.read(parent, 1024)
        os.write(parent, keys)
        try:
            while more := os.read(parent, 1024):
                shown += more
        except OSError:  # Linux reports that the program has closed its end
            pass
        os.close(parent)
        return shown.partition(b"(not shown): ")[2], program.wait(PATIENCE)

    return run


def test_at_a_terminal_the_number_is_typed_and_not_shown(typed):
    shown, code = typed(NUMBER.encode() + b"\n")
    found = user_hash(NUMBER, developer_key_pseudonym("first")).encode()
    assert b"Jaeger     user.hash=" + found in shown
    assert NUMBER.encode() not in shown
    assert code == 0


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        (END_OF_INPUT, b"This text has no phone number."),
        (b"\n", b"This text has no phone number."),
        (b"nobody\n", b"This text has no phone number."),
        (b"212\xff5550123\n", b"This is not a text in the encoding of the terminal"),
    ],
)
def test_what_is_no_number_is_refused_in_one_sentence_and_not_repeated(typed, keys, sentence):
    shown, code = typed(keys)
    before, line, after = shown.split(b"\r\n")
    assert (before, after) == (b"", b"")
    assert line.startswith(b"fuse-otel caller: " + sentence)
    assert code == 2
