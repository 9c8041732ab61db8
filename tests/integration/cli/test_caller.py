"""`fuse-otel caller` at a real terminal."""

import os
import pty
import subprocess
import sys

from support.patience import PATIENCE

from fuse_otel.core.redaction.pseudonym import developer_key_pseudonym, user_hash

NUMBER = "2125550123"


def test_at_a_terminal_the_number_is_typed_and_not_shown(tmp_path):
    file = tmp_path / "fuse-otel.toml"
    file.write_text('email = "a@example.com"\ndeveloper_key = "first"\n')
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "fuse_otel", "caller", "--config", file]
    # In its own session, so that it does not ask at the terminal of whoever runs the tests.
    program = subprocess.Popen(
        command, stdin=child, stdout=child, stderr=child, start_new_session=True
    )
    os.close(child)
    shown = b""
    while b"(not shown): " not in shown:
        shown += os.read(parent, 1024)
    os.write(parent, NUMBER.encode() + b"\n")
    found = user_hash(NUMBER, developer_key_pseudonym("first")).encode()
    while b"Jaeger     user.hash=" + found not in shown:
        shown += os.read(parent, 1024)
    assert program.wait(PATIENCE) == 0
    os.close(parent)
    assert NUMBER.encode() not in shown
