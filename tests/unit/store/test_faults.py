"""SQLite's errors as sentences an operator can act on."""

import re
import sqlite3

import pytest

from fuse_otel.errors import Broken, Corrupt, Full, StoreError
from fuse_otel.store.sqlite.errors import mapped, store_error


def error_with(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("near '18005550100': what was being written")
    error.sqlite_errorcode = code
    error.sqlite_errorname = "SQLITE_SOMETHING"
    return error


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (sqlite3.SQLITE_FULL, Full, "disk of the store x.db is full"),
        (sqlite3.SQLITE_IOERR_SHMSIZE, Full, "disk of the store x.db is full"),
        (sqlite3.SQLITE_BUSY, StoreError, "locked; nothing was changed"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StoreError, "locked; nothing was changed"),
        (sqlite3.SQLITE_LOCKED, StoreError, "locked; nothing was changed"),
        (sqlite3.SQLITE_CORRUPT, Corrupt, "is damaged: .* moved aside"),
        (sqlite3.SQLITE_CORRUPT_INDEX, Corrupt, "is damaged: .* moved aside"),
        (sqlite3.SQLITE_NOTADB, Corrupt, "is damaged: .* moved aside"),
        (sqlite3.SQLITE_READONLY, Broken, "read-only for this user"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, Broken, "read-only for this user"),
        (sqlite3.SQLITE_CANTOPEN, Broken, "cannot be opened"),
        (sqlite3.SQLITE_PERM, Broken, "may not read and write"),
        (sqlite3.SQLITE_IOERR, Broken, "the disk reports an error"),
        (sqlite3.SQLITE_IOERR_FSYNC, Broken, "the disk reports an error"),
        (sqlite3.SQLITE_IOERR_LOCK, Broken, "does not provide locks"),
        (sqlite3.SQLITE_IOERR_SHMMAP, Broken, "does not provide locks and shared memory"),
        (sqlite3.SQLITE_PROTOCOL, Broken, "does not provide locks"),
        (sqlite3.SQLITE_NOMEM, Broken, "no memory left"),
        (sqlite3.SQLITE_INTERRUPT, Broken, "SQLite reports SQLITE_SOMETHING"),
    ],
)
def test_every_error_has_a_class_and_a_sentence_without_what_was_written(code, kind, words):
    error = store_error(error_with(code), "x.db")

    assert type(error) is kind
    assert re.search(words, str(error))
    assert str(error).endswith(".")
    assert "18005550100" not in str(error)


def test_a_text_whose_bytes_have_changed_is_damage():
    error = store_error(sqlite3.OperationalError("Could not decode to UTF-8 column 'x'"), "x.db")

    assert type(error) is Corrupt


def test_an_error_of_the_module_itself_has_no_code():
    error = store_error(sqlite3.InterfaceError("Cursor needed to be reset"), "x.db")

    assert type(error) is Broken
    assert "error without a code" in str(error)


def test_the_cause_is_kept():
    cause = error_with(sqlite3.SQLITE_CORRUPT)
    with pytest.raises(Corrupt) as caught, mapped("x.db"):
        raise cause

    assert caught.value.__cause__ is cause


@pytest.mark.parametrize("mistake", [sqlite3.IntegrityError, sqlite3.ProgrammingError, ValueError])
def test_mistakes_of_ours_come_through(mistake):
    with pytest.raises(mistake), mapped("x.db"):
        raise mistake


def test_what_the_store_raises_comes_through():
    with pytest.raises(Full, match="as it was"), mapped("x.db"):
        raise Full("as it was")
