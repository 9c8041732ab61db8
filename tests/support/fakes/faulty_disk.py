"""SQLite's own doors to the disk, each of which can be made to fail: a VFS around the stock one.

The faults are what a full or dying disk gives: ``SQLITE_FULL`` after half of the bytes, I/O errors
of writes, syncs, truncations and deletions, files that cannot be opened, shared memory that cannot
grow. What is not told to fail is the real thing.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p, cast

import pytest

_Open = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
_Delete = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)
_Write = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_Truncate = CFUNCTYPE(c_int, c_void_p, c_int64)
_Sync = CFUNCTYPE(c_int, c_void_p, c_int)
_ShmMap = CFUNCTYPE(c_int, c_void_p, c_int, c_int, c_int, c_void_p)


class _Vfs(Structure):
    _fields_ = (
        ("version", c_int),
        ("file_size", c_int),
        ("longest_path", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        ("open", _Open),
        ("delete", _Delete),
        # Access, paths, libraries, randomness, sleep, time, last error, and system calls.
        ("rest", c_void_p * 14),
    )


class _Methods(Structure):
    _fields_ = (
        ("version", c_int),
        ("close", c_void_p),
        ("read", c_void_p),
        ("write", _Write),
        ("truncate", _Truncate),
        ("sync", _Sync),
        # Size, three of locking, control, sector size, characteristics.
        ("rest", c_void_p * 7),
        ("shm_map", _ShmMap),
        ("shm_rest", c_void_p * 3),
        ("mapping", c_void_p * 2),
    )


class _File(Structure):
    _fields_ = (("methods", POINTER(_Methods)),)


class FaultyDisk:
    """Counts the operations of all connections opened inside ``installed``.

    ``fail(at, count)``: from the ``at``-th operation on (the next is 0) so many fail.
    """

    def __init__(self) -> None:
        self._library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
        if not hasattr(self._library, "sqlite3_vfs_find"):
            pytest.skip("this Python hides SQLite's own interface")
        self._library.sqlite3_vfs_find.restype = POINTER(_Vfs)
        self._stock = self._library.sqlite3_vfs_find(None)
        self._vfs = _Vfs()
        ctypes.memmove(ctypes.byref(self._vfs), self._stock, ctypes.sizeof(_Vfs))
        self._vfs.name = b"faulty"
        self._vfs.open = self._open = _Open(self._opened)
        self._vfs.delete = self._delete = _Delete(self._deleted)
        self._write = _Write(self._written)
        self._truncate = _Truncate(self._truncated)
        self._sync = _Sync(self._synced)
        self._shm_map = _ShmMap(self._mapped)
        # By the address of the stock methods, of which there are few; and by that of ours.
        self._ours: dict[int, _Methods] = {}
        self._stock_of: dict[int, _Methods] = {}
        self.operations = 0
        self._first, self._last = -1, -1
        self.struck: Counter[str] = Counter()

    @contextmanager
    def installed(self) -> Iterator[FaultyDisk]:
        """Connections that are opened inside use it. Not for two threads of tests at once."""
        self._library.sqlite3_vfs_register(ctypes.byref(self._vfs), 1)
        try:
            yield self
        finally:
            self._library.sqlite3_vfs_unregister(ctypes.byref(self._vfs))
            self._library.sqlite3_vfs_register(self._stock, 1)

    def fail(self, at: int, count: int = 1) -> None:
        self.operations = 0
        self._first, self._last = at, at + count - 1
        self.struck.clear()

    def _strikes(self, name: str) -> bool:
        now, self.operations = self.operations, self.operations + 1
        if self._first <= now <= self._last:
            self.struck[name] += 1
            return True
        return False

    # --- the doors ---

    def _opened(self, _vfs: int, name: int, file: int, flags: int, out: int) -> int:
        if self._strikes("open"):
            # SQLite closes a file only if it has methods.
            cast(file, POINTER(c_void_p))[0] = None
            return sqlite3.SQLITE_CANTOPEN
        code = self._stock.contents.open(cast(self._stock, c_void_p), name, file, flags, out)
        found = cast(file, POINTER(_File)).contents
        if code == sqlite3.SQLITE_OK and found.methods:
            stock = found.methods.contents
            address = ctypes.addressof(stock)
            if address not in self._ours:
                self._ours[address] = self._around(stock)
            found.methods = ctypes.pointer(self._ours[address])
        return int(code)

    def _around(self, stock: _Methods) -> _Methods:
        ours = _Methods()
        ctypes.memmove(ctypes.byref(ours), ctypes.byref(stock), ctypes.sizeof(_Methods))
        ours.write, ours.truncate, ours.sync = self._write, self._truncate, self._sync
        if ours.shm_map:
            ours.shm_map = self._shm_map
        self._stock_of[ctypes.addressof(ours)] = stock
        return ours

    def _methods(self, file: int) -> _Methods:
        found = cast(file, POINTER(_File)).contents
        return self._stock_of[ctypes.addressof(found.methods.contents)]

    def _deleted(self, _vfs: int, name: int, sync: int) -> int:
        if self._strikes("delete"):
            return sqlite3.SQLITE_IOERR_DELETE
        return int(self._stock.contents.delete(cast(self._stock, c_void_p), name, sync))

    def _written(self, file: int, data: int, size: int, offset: int) -> int:
        write = self._methods(file).write
        if self._strikes("write"):
            write(file, data, size // 2, offset)
            full = self.operations % 2
            return sqlite3.SQLITE_FULL if full else sqlite3.SQLITE_IOERR_WRITE
        return int(write(file, data, size, offset))

    def _truncated(self, file: int, size: int) -> int:
        if self._strikes("truncate"):
            return sqlite3.SQLITE_IOERR_TRUNCATE
        return int(self._methods(file).truncate(file, size))

    def _synced(self, file: int, flags: int) -> int:
        if self._strikes("sync"):
            return sqlite3.SQLITE_IOERR_FSYNC
        return int(self._methods(file).sync(file, flags))

    def _mapped(self, file: int, page: int, size: int, extend: int, out: int) -> int:
        if extend and self._strikes("shared memory"):
            return sqlite3.SQLITE_IOERR_SHMSIZE
        return int(self._methods(file).shm_map(file, page, size, extend, out))
