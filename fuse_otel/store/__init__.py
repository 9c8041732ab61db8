"""Everything durable: one database with the five interfaces of the ports."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from fuse_otel.errors import ConfigurationError
from fuse_otel.events import Emit, unheard
from fuse_otel.ports import Store
from fuse_otel.store.sqlite import (
    MemoryStore,
    begin_sqlite_anew,
    network_file_system,
    open_sqlite,
)

_SQLITE = "sqlite:///"
_POSTGRES = ("postgresql://", "postgres://")
_MEMORY = frozenset({"sqlite://", "sqlite:///:memory:"})


def open_store(  # noqa: PLR0913 - options of a store, all by name
    url: str,
    *,
    capacity: int,
    read_only: bool = False,
    create: bool = True,
    clock: Callable[[], float],
    emit: Emit = unheard,
    exports: bool = True,
    check_beside: bool = False,
) -> Store:
    """Open the store at ``url``: ``sqlite:///relative.db``, ``sqlite:////absolute.db`` or
    ``sqlite://`` (in memory). The path is used as it is, without percent-decoding. Or the URL of a
    PostgreSQL database, as libpq reads it.

    ``capacity`` is the cap of the outbox in bytes. With ``read_only`` or without ``create`` a
    missing store is ``Broken``, else it is created. Nothing is locked before the first lease, so
    that commands can read and add jobs beside a daemon. ``exports``: this process has metrics, and
    may be the one that exports those of a shared store. ``check_beside``: a file is checked beside
    the first polls, and transactions raise ``Corrupt`` once damage is found. Raises
    ``ConfigurationError`` for a URL that names no store, ``Corrupt`` for a damaged store,
    ``Broken`` for one that cannot be used.
    """
    if url in _MEMORY:
        return MemoryStore(capacity, emit)
    if is_shared(url):
        return _open_postgres(
            url, capacity, read_only=read_only, create=create, emit=emit, exports=exports
        )
    return open_sqlite(
        _path(url),
        capacity=capacity,
        read_only=read_only,
        create=create,
        clock=clock,
        emit=emit,
        check_beside=check_beside,
    )


def _open_postgres(
    url: str, capacity: int, *, read_only: bool, create: bool, emit: Emit, exports: bool
) -> Store:
    try:
        from fuse_otel.store.postgres import open_postgres  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigurationError(
            ["A store in PostgreSQL needs the extra `postgres`: install `fuse-otel[postgres]`."]
        ) from error
    return open_postgres(
        url, capacity=capacity, read_only=read_only, create=create, emit=emit, exports=exports
    )


def begin_anew(
    url: str, *, capacity: int, clock: Callable[[], float], begin: Callable[[Store], None]
) -> str:
    """After ``Corrupt``: move the damaged store aside and let ``begin`` fill a new one, all or
    nothing. Returns the name that the damaged file has now, empty if there is no file any more.
    Raises ``StoreError``.
    """
    aside = begin_sqlite_anew(_path(url), capacity=capacity, clock=clock, begin=begin)
    return aside.name if aside else ""


def is_shared(url: str) -> bool:
    """Whether several replicas may work on the store."""
    return url.startswith(_POSTGRES)


def is_missing(url: str) -> bool:
    """Whether ``open_store`` would make a new file, or has to say why it cannot."""
    if url in _MEMORY or is_shared(url):
        return False
    return not os.path.isfile(_path(url))  # noqa: PTH113 - Path raises for a closed folder


def store_warnings(url: str) -> list[str]:
    """What may go wrong with the place of the store, a sentence each."""
    if url in _MEMORY or is_shared(url) or not (type_ := network_file_system(_path(url))):
        return []
    where = f"The store {_path(url)} lies on a network file system ({type_})."
    return [f"{where} SQLite needs the locks of a local disk; here it can lose or damage the file."]


def _path(url: str) -> Path:
    path = url.removeprefix(_SQLITE)
    if path in {url, ""}:
        # The URL itself may hold a password.
        raise ConfigurationError(
            ["The URL of the store names no SQLite file, such as sqlite:///fuse-otel.db does."]
        )
    return Path(path)


__all__ = ["MemoryStore", "begin_anew", "is_missing", "is_shared", "open_store", "store_warnings"]
