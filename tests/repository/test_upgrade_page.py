"""The blocks of the page on upgrades copy a store that is open, and put the copy back."""

import re
import sys

import pytest
from support.builders.store_values import whole_step
from support.pages.repository import ROOT
from support.pages.shell_blocks import Desk, shell_block
from support.rigs.sqlite_file import opened

PAGE = "docs/upgrade.md"


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path, ("systemctl",))
    (made.root / "var" / "lib" / "fuse-otel").mkdir(parents=True)
    program = made.root / "opt" / "fuse-otel" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.symlink_to(sys.executable)
    return made


def known(path, *session_ids):
    with opened(path) as store:
        return set(store.ledger.lease("main").look_up(session_ids).known)


def test_a_copy_of_an_open_store_is_put_back(desk):
    place = desk.root / "var" / "lib" / "fuse-otel" / "state.db"
    copy = desk.root / "var" / "backups" / "fuse-otel" / "state.db"
    with opened(place) as store:
        lease = store.ledger.lease("main")
        lease.commit(whole_step("1;1"))
        # In the file beside it, and not in the one that cp would copy.
        assert place.with_name("state.db-wal").stat().st_size
        done = desk.run(shell_block(PAGE, "source.backup"))
        assert done.returncode == 0, done.stderr
        lease.commit(whole_step("2;2"))
    assert copy.stat().st_mode & 0o777 == 0o600
    assert known(copy, "1;1", "2;2") == {"1;1"}
    done = desk.run(shell_block(PAGE, "chown"))
    assert done.returncode == 0, done.stderr
    assert known(place, "1;1", "2;2") == {"1;1"}
    assert [words[0] for _, words in desk.noted("systemctl")] == ["stop", "start"]


def test_the_page_upgrades_what_the_page_on_installing_installs():
    page = (ROOT / PAGE).read_text()
    for tool in ("uv tool", "pipx"):
        (installed,) = (
            line for line in shell_block("docs/install.md", f"{tool} install").splitlines()
        )
        (upgraded,) = re.findall(rf"`({tool} install --force [^`]+)`", page)
        assert upgraded.replace(" --force", "") == installed
