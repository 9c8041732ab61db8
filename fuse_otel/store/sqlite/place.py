"""Where the store lies: whether its file is still the one that is open, and on what file system."""

from __future__ import annotations

import os
from pathlib import Path

from fuse_otel.errors import Broken, Corrupt

# https://www.sqlite.org/fileformat.html#the_database_header
HEADER = 100  # bytes
MAGIC = b"SQLite format 3\0"
LOG_PARTS = ("-wal", "-shm")  # the write-ahead log and its index
_APPLICATION_ID_AT = slice(68, 72)
# "FuOT" in the file's header distinguishes our files from other SQLite databases.
APPLICATION_ID = 0x46754F54
_MOUNTS = Path("/proc/self/mountinfo")
_MOUNT_POINT = 4
# Locks and shared memory of these are those of a server, or none at all.
_NETWORK = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "glusterfs", "lustre", "gpfs",
    "beegfs", "orangefs", "9p", "fuse.sshfs", "fuse.s3fs", "fuse.gcsfuse", "fuse.glusterfs",
    "fuse.ceph", "fuse.rclone", "fuse.smbnetfs", "fuse.juicefs", "fuse.davfs",
})  # fmt: skip


class OpenFile:
    """The file that the store's connections have open, known by its device and inode.

    A file can be removed or replaced while it is open: SQLite continues with the open one, and all
    that it writes there is gone when the process ends. It can also be truncated or overwritten:
    SQLite notices that late, because it has most pages in its memory and its log.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # Each transaction checks twice: texts, because a `Path` costs more than the system's calls.
        self._name = os.fspath(path)
        self._log_parts = tuple(self._name + part for part in LOG_PARTS)
        self._ours = False
        self._beside: dict[str, os.stat_result] = {}
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            self._identity = os.fstat(self._file)
        except OSError as error:
            raise self._unreadable(error) from error

    def check(self) -> None:
        """Raises ``Corrupt`` if the path does not lead to the file that was there first, or if that
        does not begin as a store of ours any more.
        """
        try:
            found = os.stat(self._name)  # noqa: PTH116 - see `_name`
            header = os.pread(self._file, HEADER, 0)
        except (FileNotFoundError, NotADirectoryError):
            raise _gone(self._path, "removed") from None
        except OSError as error:
            raise self._unreadable(error) from error
        if not os.path.samestat(found, self._identity):
            raise _gone(self._path, "replaced")
        if len(header) < HEADER:
            raise _gone(self._path, "truncated")
        # The header of a new store has our id only after SQLite moved it there from its log.
        is_ours = has_our_id(header)
        if not header.startswith(MAGIC) or (self._ours and not is_ours):
            raise _gone(self._path, "overwritten")
        self._ours = is_ours
        for part in self._log_parts:
            self._check_beside(part)

    def forget_log(self) -> None:
        """No connection is open: SQLite has removed its log, and the next one makes a new one."""
        self._beside.clear()

    def close(self) -> None:
        """Only when no connection of the process has the file open. POSIX says that closing any
        descriptor of a file releases all locks of the process on it, and so those of SQLite.
        """
        os.close(self._file)

    def _check_beside(self, path: str) -> None:
        """SQLite writes on to a removed log too, and a new connection begins another one."""
        known = self._beside.get(path)
        try:
            found = os.stat(path)  # noqa: PTH116 - see `_name`
        except (FileNotFoundError, NotADirectoryError):
            if known is not None:
                raise _gone(path, "removed") from None
            return
        except OSError as error:
            raise self._unreadable(error) from error
        if not os.path.samestat(self._beside.setdefault(path, found), found):
            raise _gone(path, "replaced")

    def _unreadable(self, error: OSError) -> Broken:
        return Broken(f"The store {self._path} cannot be read: {error.strerror}.")


def has_our_id(header: bytes) -> bool:
    return header[_APPLICATION_ID_AT] == APPLICATION_ID.to_bytes(4, "big")


def _gone(path: Path | str, what: str) -> Corrupt:
    return Corrupt(
        f"The store {path} was {what} while it was open: `fuse-otel run` begins a new one and reads"
        " the last five days again."
    )


def network_file_system(path: Path) -> str:
    """The type of the network file system that holds ``path``, empty if it is a local one or not
    known.
    """
    try:
        where = os.path.realpath(path)
        mounts = _MOUNTS.read_text("utf-8", "surrogateescape").splitlines()
    except (OSError, ValueError):
        return ""  # not Linux
    type_, longest = "", -1
    for line in mounts:
        # <id> <parent> <device> <root> <mount point> <options> … - <type> <source> <options>
        left, _, right = line.partition(" - ")
        point = _unescaped(left.split(" ")[_MOUNT_POINT])
        inside = where == point or where.startswith(point.rstrip("/") + "/")
        # The last mount on a point hides the earlier ones.
        if inside and len(point) >= longest:
            type_, longest = right.split(" ")[0], len(point)
    return type_ if type_ in _NETWORK else ""


def _unescaped(point: str) -> str:
    """Mountinfo writes a space, a tab, a line break and a backslash in octal."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        point = point.replace(code, character)
    return point


def network_hint(path: Path) -> str:
    """A sentence for errors of a store on a network file system, with a space before it."""
    if type_ := network_file_system(path):
        return f" It lies on a network file system ({type_}): name a file on a local disk."
    return ""
