"""PostgreSQL's errors as the store's. No sentence quotes the server's own text, because that text
may contain the values of the statement; nor the URL, because it may contain a password.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors
from psycopg_pool import PoolClosed, PoolTimeout

from fuse_otel.errors import Broken, Full, StoreError

_READ_ONLY = "is read-only: a standby, or a failover is not finished"
_NO_CONNECTION = "has no free connection: all that it allows are in use"
_STARTS_OR_STOPS = "does not accept connections yet: it is starting or stopping"
_NO_LOGIN = "refuses the login"
_NO_ANSWER = "cannot be reached: no connection within time"
_UNUSABLE: tuple[tuple[type[psycopg.Error], str], ...] = (
    (errors.ReadOnlySqlTransaction, _READ_ONLY),
    (errors.TooManyConnections, _NO_CONNECTION),
    (
        errors.AdminShutdown,
        "closed the connection: it is stopping, or this replica was silent for too long",
    ),
    (errors.CannotConnectNow, _STARTS_OR_STOPS),
    (errors.InsufficientPrivilege, "cannot be used: this user may not read and write the tables"),
    (errors.InvalidCatalogName, "does not exist"),
    (errors.InvalidPassword, _NO_LOGIN),
    (errors.InvalidAuthorizationSpecification, _NO_LOGIN),
    (errors.UndefinedTable, "has none of our tables, or only a part of them"),
    (errors.InvalidSchemaName, "has no schema in which this user may create tables"),
)
# libpq gives no code for a connection that was refused, and a standby refuses a transaction that
# writes with the code 0A000 of many errors. These are the words of a server that speaks English.
_REFUSED = (
    ("during recovery", _READ_ONLY),
    ("too many", _NO_CONNECTION),
    ("remaining connection slots", _NO_CONNECTION),
    ("authentication failed", _NO_LOGIN),
    ("the database system is", _STARTS_OR_STOPS),
)
_AGAIN = (
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.LockNotAvailable,
    errors.QueryCanceled,
)
_ABOUT_VALUES = (psycopg.IntegrityError, psycopg.ProgrammingError, psycopg.DataError)


@contextmanager
def mapped(name: str) -> Iterator[None]:
    """Raise what psycopg raises inside as ``StoreError``. As in SQLite, errors about the values of
    one step are raised unchanged.
    """
    try:
        yield
    except PoolClosed as error:
        raise Broken(f"The store {name} is closed.") from error
    except PoolTimeout as error:
        refusal = error.__cause__
        why = _why_unusable(refusal) if isinstance(refusal, psycopg.Error) else None
        raise Broken(f"The store {name} {why or _NO_ANSWER}.") from error
    except psycopg.Error as error:
        found = store_error(error, name)
        if found is None:
            raise
        raise found from error


def store_error(error: psycopg.Error, name: str) -> StoreError | None:
    """``None`` for an error about values."""
    if isinstance(error, errors.DiskFull):
        return Full(f"The disk of the store {name} is full.")
    if isinstance(error, _AGAIN):
        return StoreError(f"The store {name} kept the transaction waiting; nothing was changed.")
    if why := _why_unusable(error):
        return Broken(f"The store {name} {why}.")
    if isinstance(error, _ABOUT_VALUES):
        return None
    if error.sqlstate is None:
        return Broken(f"The store {name} cannot be reached, or the connection to it broke.")
    return Broken(f"The store {name} cannot be used: it reports the error {error.sqlstate}.")


def _why_unusable(error: psycopg.Error) -> str | None:
    for type_, why in _UNUSABLE:
        if isinstance(error, type_):
            return why
    if error.sqlstate is None or isinstance(error, errors.FeatureNotSupported):
        text = str(error)
        return next((why for words, why in _REFUSED if words in text), None)
    return None
