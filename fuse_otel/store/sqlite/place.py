"""Where the store lies: whether its file is still the one that is open, and on what file system."""

from __future__ import annotations

import os
from pathlib import Path

from fuse_otel.errors import Broken, Corrupt

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

    A file can be removed or replaced while it is open. SQLite continues with the open one, and all
    that it writes there is gone when the process ends.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity: tuple[int, int] | None = None

    def check(self) -> None:
        """Raises ``Corrupt`` if the path does not lead to the file that was there first."""
        try:
            found = self._path.stat()
        except (FileNotFoundError, NotADirectoryError):
            raise _gone(self._path, "removed") from None
        except OSError as error:
            raise Broken(f"The store {self._path} cannot be read: {error.strerror}.") from error
        identity = (found.st_dev, found.st_ino)
        if self._identity is None:
            self._identity = identity
        elif identity != self._identity:
            raise _gone(self._path, "replaced")


def _gone(path: Path, what: str) -> Corrupt:
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
