"""``fuse-otel assets``: write out what people need beside the program, such as alerts and
dashboards.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from fuse_otel.cli.output import print_lines, reason
from fuse_otel.errors import FuseOtelError
from fuse_otel.files import replace_file, shown_path

_DONE, _FAILED = 0, 1
_SCRIPT = b"#!"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--to", required=True, metavar="DIR", help="the folder to write to, made if it is missing"
    )
    parser.add_argument("--force", action="store_true", help="replace files that exist")


def run(args: argparse.Namespace) -> int:
    """Prints the paths that it wrote, one a line. Raises ``FuseOtelError``."""
    from fuse_otel.cli.asset_files import asset_files  # noqa: PLC0415 - not for the help

    folder = Path(args.to)
    files = asset_files()
    _refuse_what_is_in_the_way(folder, files, force=args.force)
    written = (_written(folder / name, content) for name, content in files.items())
    return _DONE if print_lines(list(written)) else _FAILED


def _refuse_what_is_in_the_way(
    folder: Path, names: Iterable[PurePosixPath], *, force: bool
) -> None:
    paths = [folder / name for name in names]
    folders = {folder / parent for path in paths for parent in path.relative_to(folder).parents}
    blocked = [path for path in paths if path.is_dir() and not path.is_symlink()]
    blocked += filter(_is_no_folder, sorted(folders))
    if blocked:
        raise FuseOtelError(
            f"Nothing was written, because a file and a folder have the same name: {_list(blocked)}"
        )
    if found := [path for path in paths if os.path.lexists(path) and not force]:
        raise FuseOtelError(
            "Nothing was written, because these files exist (--force replaces them):"
            f" {_list(found)}"
        )


def _is_no_folder(path: Path) -> bool:
    return os.path.lexists(path) and not path.is_dir()


def _list(paths: Iterable[Path]) -> str:
    return f"{', '.join(shown_path(str(path)) for path in paths)}."


def _written(path: Path, content: bytes) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, content, executable=content.startswith(_SCRIPT))
    except OSError as error:
        where = shown_path(str(path))
        raise FuseOtelError(f"{where} cannot be written: {reason(error)}.") from error
    return shown_path(str(path))
