"""``fuse-otel assets``: write out what people need beside the program: the files of ``deploy/`` and
what is made from the parser and the catalogue of settings. The wheel holds ``deploy/`` as
``fuse_otel/assets``.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

import fuse_otel
from fuse_otel.cli.output import printed, reason
from fuse_otel.errors import FuseOtelError
from fuse_otel.files import replace_file, shown_path

_SCRIPT = b"#!"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--to", required=True, metavar="DIR", help="the folder to write to, made if it is missing"
    )
    parser.add_argument("--force", action="store_true", help="replace files that exist")


def run(args: argparse.Namespace) -> int:
    """Prints the paths that it wrote, one a line. Raises ``FuseOtelError``."""
    folder = Path(args.to)
    files = asset_files()
    _refuse_what_is_in_the_way(folder, files, force=args.force)
    written = (_written(folder / name, content) for name, content in files.items())
    return printed(list(written))


def _refuse_what_is_in_the_way(
    folder: Path, names: Iterable[PurePosixPath], *, force: bool
) -> None:
    paths = [folder / name for name in names]
    folders = {folder / parent for path in paths for parent in path.relative_to(folder).parents}
    blocked = [path for path in paths if path.is_dir() and not path.is_symlink()]
    blocked += [path for path in sorted(folders) if os.path.lexists(path) and not path.is_dir()]
    if blocked:
        raise FuseOtelError(
            f"Nothing was written, because a file and a folder have the same name: {_list(blocked)}"
        )
    if found := [path for path in paths if os.path.lexists(path) and not force]:
        raise FuseOtelError(
            "Nothing was written, because these files exist (--force replaces them):"
            f" {_list(found)}"
        )


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


_PACKAGE = Path(fuse_otel.__file__).parent
# Our code, our tests, and what an operator keeps in a checkout and git ignores. The same names are
# in pyproject.toml for the wheel, in .dockerignore, and in .gitignore.
_NO_ASSETS = (
    *("*.py", "*.test.yaml", "__pycache__", ".*", "*.env", "secrets", "secret.yaml"),
    *("*_key", "developer_key*", "*.key", "*.pem", "*.crt", "*.p12", "*.pfx"),
)
# Files of this repository that have such a name.
_ASSETS = (
    *("compose/jaeger-victorialogs.env", "compose/simulated_key", "compose/tempo-loki.env"),
    *("helm/fuse-otel/.helmignore", "systemd/fuse-otel.env"),
)


def asset_files(package: Path = _PACKAGE) -> dict[PurePosixPath, bytes]:
    """Each file by its path below the folder that it is written to, in the order of the paths.

    Raises ``FuseOtelError`` for an installation without these files.
    """
    return dict(sorted([*deployed_files(package), *_made()]))


def deployed_files(package: Path = _PACKAGE) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Those of ``deploy/`` alone, in any order. Raises ``FuseOtelError``."""
    places = (package / "assets", package.parent / "deploy")
    folder = next(filter(Path.is_dir, places), None)
    if folder is None:
        raise FuseOtelError(
            "This installation has no assets: neither is the folder assets in the package, nor the"
            " folder deploy beside it."
        )
    for path in folder.rglob("*"):
        name = PurePosixPath(path.relative_to(folder).as_posix())
        if path.is_file() and (str(name) in _ASSETS or not _is_left_out(name)):
            yield name, path.read_bytes()


def _is_left_out(name: PurePosixPath) -> bool:
    """Whether a part of the path, the name or a folder, has a pattern of the list."""
    return any(fnmatchcase(part, pattern) for part in name.parts for pattern in _NO_ASSETS)


def _made() -> Iterator[tuple[PurePosixPath, bytes]]:
    from fuse_otel.cli.commands.completion import completion  # noqa: PLC0415 - every command
    from fuse_otel.cli.commands.man import man_page  # noqa: PLC0415
    from fuse_otel.config.documentation import example_file  # noqa: PLC0415

    for name, text in (
        ("completion/fuse-otel.bash", completion("bash")),
        ("completion/_fuse-otel", completion("zsh")),
        ("completion/fuse-otel.fish", completion("fish")),
        ("man/man1/fuse-otel.1", man_page()),
        ("fuse-otel.toml", example_file()),
    ):
        yield PurePosixPath(name), f"{text.rstrip()}\n".encode()
