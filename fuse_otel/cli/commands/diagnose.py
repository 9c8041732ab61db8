"""``fuse-otel diagnose``: one archive with what somebody needs to look into a problem."""

from __future__ import annotations

import argparse
import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from fuse_otel.cli.output import printed, reason
from fuse_otel.cli.settings_flags import load_settings
from fuse_otel.errors import FuseOtelError
from fuse_otel.files import shown_path, write_new

_ARCHIVE = "fuse-otel-diagnosis.tar.gz"
_FOLDER = "fuse-otel-diagnosis"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output",
        default=_ARCHIVE,
        metavar="FILE",
        help=f"the archive, a file that does not exist yet (default: {_ARCHIVE})",
    )
    parser.add_argument(
        "--log",
        metavar="FILE",
        help="a file with the log of the daemon; its last lines are added, masked",
    )


def run(args: argparse.Namespace) -> int:
    """Also for a wrong configuration there is an archive. Raises ``FuseOtelError``."""
    from fuse_otel.cli.diagnosis import WHAT, parts  # noqa: PLC0415 - not for the help

    path = Path(args.output)
    if path.exists() or path.is_symlink():
        raise FuseOtelError(f"{shown_path(str(path))} exists: name another file by --output.")
    files = parts(lambda: load_settings(args, needs_account=False), args.log)
    try:
        write_new(path, _archive(files))
    except OSError as error:
        where = shown_path(str(path))
        raise FuseOtelError(f"{where} cannot be written: {reason(error)}.") from error
    width = max(map(len, WHAT))
    lines = [
        f"{shown_path(str(path))} contains:",
        *(f"  {name:{width}}  {what}" for name, what in WHAT.items()),
        "It may still hold names that you chose; read it before you attach it to a report.",
    ]
    return printed(lines)


def _archive(files: Mapping[str, str]) -> bytes:
    """The same files give the same bytes: no times, users or modes of this machine."""
    buffer = io.BytesIO()
    with tarfile.TarFile(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, text in files.items():
            data = text.encode("utf-8", "replace")
            member = tarfile.TarInfo(f"{_FOLDER}/{name}")
            member.size, member.mode = len(data), 0o600
            archive.addfile(member, io.BytesIO(data))
    return gzip.compress(buffer.getvalue(), mtime=0)
