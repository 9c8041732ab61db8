"""Transactions over psycopg's pool of connections."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import unquote

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool, PoolTimeout

from fuse_otel.errors import Broken, Corrupt
from fuse_otel.store.postgres.connection import Connection, adapt
from fuse_otel.store.postgres.errors import mapped
from fuse_otel.store.postgres.watch import Watch
from fuse_otel.store.relational import database as port

# What the pool logs may quote the login. Our own errors report the same.
logging.getLogger("psycopg.pool").disabled = True

CONNECT_TIMEOUT = 5  # seconds, as all below
REASON_TIMEOUT = 2  # a server that refuses connections says so at once
# A stopped replica must not keep the row of its account locked for longer than its lease lasts.
IDLE_IN_TRANSACTION = 10
LOCK_TIMEOUT = 10
STATEMENT_TIMEOUT = 30
SILENCE = 35  # the server has ended the statement by then, if it hears of us
# A cut connection is noticed within the time after which the leases are lost.
_SOCKET = {
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 12_000,  # milliseconds
}
# Each query has an index. A plan that was made while a table was small, or just emptied, would read
# the whole table until the server's next `analyze`, however much it holds by then. The costs with
# which the server avoids that would make it compile queries.
_SETTINGS = f"""
set idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION}s';
set lock_timeout = '{LOCK_TIMEOUT}s';
set statement_timeout = '{STATEMENT_TIMEOUT}s';
set enable_seqscan = off;
set jit = off;
select set_config('synchronous_commit', 'on', false)
where current_setting('synchronous_commit') = 'off';
"""  # a commit that has returned is on the disk


def readable_name(url: str) -> str:
    """Host and database of a URL, without user and password, and the port unless it may be a
    password. Raises ``Broken``.
    """
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        parts = None
    # libpq ends the login at the first of these characters. The rest of a password follows then.
    if parts is None or re.search(r"[/?#@]", url.partition("://")[2].rpartition("@")[0]):
        raise Broken("The URL of the store is no valid PostgreSQL URL.")
    host = _plain(r"[\w.:%,/-]+", parts.get("host") or "localhost")
    port_ = ":" + _plain(r"[0-9,]+", parts["port"]) if parts.get("port") else ""
    if _has_port_or_password(url):
        port_ = ""
    if _has_hosts_or_password(url):
        host, port_ = "********", ""
    return f"{host}{port_}/" + _plain(r"[\w.-]*", parts.get("dbname") or "")


def _has_port_or_password(url: str) -> bool:
    """`me:1234/calls` is a host with a port, or a login whose `@` and host were forgotten."""
    place = _place(url)
    return "@" not in place and bool(re.search(r":\d", place))


def _has_hosts_or_password(url: str) -> bool:
    """`me:1,2/calls` may be a login, too: libpq ends a host at each comma, and decodes hosts."""
    place = _place(url)
    return "@" not in place and ":" in unquote(place) and ("," in place or "%" in place)


def _place(url: str) -> str:
    """What stands before the path, without IPv6 addresses."""
    return re.split(r"[/?#]", re.sub(r"\[[^]]*]", "", url.partition("://")[2]))[0]


def _plain(pattern: str, part: object) -> str:
    """Anything else may be a piece of a password."""
    return str(part) if re.fullmatch(pattern, str(part)) else "********"


class Database:
    """``owner`` is the id of this replica."""

    def __init__(self, url: str, owner: str, *, size: int, read_only: bool = False) -> None:
        self.name = readable_name(url)
        self.owner = owner
        self.looseness = 0
        self._read_only = read_only
        options: dict[str, Any] = {
            "autocommit": True,
            "connect_timeout": CONNECT_TIMEOUT,
            "application_name": f"fuse-otel {owner}",  # others end what a dead replica left open
            **_SOCKET,
        }
        with mapped(self.name):
            # The first one by itself, because the pool does not tell why it has none.
            _try(url, options, self.name)
            self._try = partial(_try, url, options | {"connect_timeout": REASON_TIMEOUT}, self.name)
            self._watch = Watch(SILENCE)
            self._pool = ConnectionPool(
                url,
                # The pool waits longer after each failure, for minutes in the end. It begins anew
                # with the next request when it has given up, and our loops have waits of their own.
                min_size=0,
                reconnect_timeout=1,
                max_size=size,
                timeout=CONNECT_TIMEOUT,
                kwargs=options,
                configure=_configure,
                check=self._check,
                open=True,
                name="fuse-otel",
            )

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view."""
        with self._transaction("begin isolation level repeatable read read only") as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """All or nothing, durable when the block ends. Raises ``StoreError``."""
        self.check_writable()
        with self._transaction("begin isolation level read committed read write") as connection:
            yield connection

    claiming = write
    # The server removes deleted rows when it vacuums, and its log keeps them until it is recycled.
    erasing = write

    def check_writable(self) -> None:
        if self._read_only:
            raise Broken(f"The store {self.name} is open for reading only.")

    def give_back(self, connection: port.Connection) -> None:
        """The server does so when it vacuums."""

    def close(self) -> None:
        self._pool.close()
        self._watch.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        with mapped(self.name), self._lent() as raw:
            connection = Connection(raw, self._watch)
            connection.execute(begin)
            try:
                yield connection
                connection.execute("commit")
            except Corrupt as error:
                self._roll_back(raw)
                # No file to move aside: other replicas work on it, and its operator has backups.
                raise Broken(f"{error} It is in the database {self.name}.") from error
            except BaseException:
                self._roll_back(raw)
                raise

    @contextmanager
    def _lent(self) -> Iterator[psycopg.Connection[Any]]:
        try:
            with self._pool.connection() as raw:
                yield raw
        except PoolTimeout as error:
            try:
                self._try()
            except psycopg.Error as why:
                raise error from why
            raise

    def _check(self, raw: psycopg.Connection[Any]) -> None:
        with self._watch.query(raw):
            ConnectionPool.check_connection(raw)

    def _roll_back(self, raw: psycopg.Connection[Any]) -> None:
        if not raw.closed:
            raw.rollback()


def _try(url: str, options: dict[str, Any], name: str) -> None:
    """Raises ``Broken`` for a host that has an empty part or one of more than 63 letters, and for a
    host that may be a user.
    """
    try:
        psycopg.connect(url, **options).close()
    except UnicodeError as error:
        raise Broken(f"The store {name} cannot be reached: its host is no host name.") from error
    except psycopg.OperationalError as error:
        if error.sqlstate is not None or not _has_port_or_password(url):
            raise
        raise Broken(
            f"The store {name} cannot be reached. Its URL has no `@`, so what follows the colon is"
            " the port. A login is written user:password@host."
        ) from error


def _configure(connection: psycopg.Connection[Any]) -> None:
    adapt(connection)
    connection.execute(_SETTINGS)
