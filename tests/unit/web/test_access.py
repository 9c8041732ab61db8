"""The files behind the access to the port are read again when they change."""

import pytest

from fuse_otel.errors import ConfigurationError
from fuse_otel.events import ConfigReloaded
from fuse_otel.files import file_stamp
from fuse_otel.web.access import Access, CurrentAccess


class Files:
    """A file whose content is the token. ``reread`` refuses the content ``bad``."""

    def __init__(self, folder):
        self.path = folder / "web.yaml"
        self.events, self.now, self.reads = [], 0.0, 0
        self.write("first")
        self.current = CurrentAccess(self._read(), self.reread, self.events.append, self.clock)

    def clock(self):
        return self.now

    def write(self, text):
        new = self.path.with_suffix(".new")
        new.write_text(text)
        new.replace(self.path)

    def reread(self):
        self.reads += 1
        return self._read()

    def _read(self):
        stamps = {str(self.path): file_stamp(str(self.path))}
        token = self.path.read_text() if self.path.exists() else "bad"
        if token.startswith("bad"):
            raise ConfigurationError([token])
        return Access(token=token, stamps=stamps)


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)


def test_nothing_is_read_while_nothing_changes(files):
    assert [files.current().token for _ in range(3)] == ["first"] * 3
    assert files.reads == 0


def test_a_new_file_counts_from_the_next_connection_on(files):
    files.write("second")
    assert files.current().token == files.current().token == "second"
    assert files.reads == 1
    assert files.events == []


def test_a_bad_file_keeps_the_old_one_and_is_reported_once(files):
    files.write("bad one")
    assert [files.current().token for _ in range(3)] == ["first"] * 3
    assert files.events == [ConfigReloaded(successful=False, message="bad one")]
    assert files.reads == 1


def test_a_bad_file_is_tried_again_for_what_it_names_may_be_there_later(files):
    files.write("bad one")
    files.current()
    files.now += 60
    files.current()
    assert (files.reads, len(files.events)) == (2, 1)


def test_a_file_that_is_good_again_is_reported(files):
    files.write("bad one")
    files.current()
    files.write("third")
    assert files.current().token == "third"
    assert files.events[-1] == ConfigReloaded(successful=True, message="")


def test_a_file_that_is_gone_keeps_the_old_one(files):
    files.path.unlink()
    assert files.current().token == "first"
    assert files.events[-1].successful is False


def test_the_token_of_the_probes_follows_from_the_secrets_of_the_file():
    users = {"ops": "$2b$"}
    tokens = {
        Access(users=users).probe_token,
        Access(users={"ops": "$2a$"}).probe_token,
        Access(token="t").probe_token,
        Access(users=users, token="t").probe_token,
    }
    assert len(tokens) == 4
    assert Access(users=users).probe_token in tokens
