"""The login of an account whose key may change in its file."""

from threading import Barrier, Thread

import pytest

from fuse_otel.source import ApiOptions
from fuse_otel.source.exchange import Credentials

EMAIL, OLD, NEW = "ops@example.com", "old-key", "new-key"


class KeyFile:
    def __init__(self, content=OLD):
        self.content = content
        self.reads = 0

    def __call__(self):
        self.reads += 1
        if isinstance(self.content, ValueError):
            raise self.content
        return self.content


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def file():
    return KeyFile()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def credentials(file, clock):
    return Credentials(ApiOptions("http://h", EMAIL, OLD, reread_key=file), clock)


def test_a_key_that_changed_in_its_file_is_used(credentials, file):
    refused = credentials.auth
    file.content = NEW
    assert credentials.renewed(refused)
    assert credentials.auth is not refused
    assert credentials.secrets == (NEW, EMAIL)


@pytest.mark.parametrize("content", [OLD, ValueError("no such file")])
def test_without_another_key_the_login_stays(credentials, file, content):
    refused = credentials.auth
    file.content = content
    assert not credentials.renewed(refused)
    assert credentials.auth is refused


def test_a_key_that_is_in_no_file_stays():
    credentials = Credentials(ApiOptions("http://h", EMAIL, OLD))
    assert not credentials.renewed(credentials.auth)


def test_the_file_is_read_once_for_each_try_of_the_poller(credentials, file, clock):
    for clock.now in (0.0, 1.0, 29.0, 60.0, 61.0, 120.0):
        credentials.renewed(credentials.auth)
    assert file.reads == 3


def test_concurrent_requests_read_the_file_once_and_all_use_the_new_key(credentials, file):
    refused, together = credentials.auth, Barrier(8)
    file.content = NEW
    found = []

    def answered_401():
        together.wait()
        found.append(credentials.renewed(refused))

    threads = [Thread(target=answered_401) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 8
    assert file.reads == 1
