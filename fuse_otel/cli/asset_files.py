"""The files that people need beside the program: those of ``deploy/``, and what is made from the
parser and the catalogue of settings. The wheel holds ``deploy/`` as ``fuse_otel/assets``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import fuse_otel
from fuse_otel.errors import FuseOtelError

_PACKAGE = Path(fuse_otel.__file__).parent
# The same list is in pyproject.toml, for the wheel: our code, our tests, and what an operator keeps
# in a checkout and git ignores.
_NO_ASSETS = ("*.py", "*.test.yaml", "__pycache__/*", "secrets/*", "kubernetes/secret.yaml")


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
        if path.is_file() and not any(map(name.match, _NO_ASSETS)):
            yield name, path.read_bytes()


def _made() -> Iterator[tuple[PurePosixPath, bytes]]:
    from fuse_otel.cli.terminal.completion import completion  # noqa: PLC0415 - every command
    from fuse_otel.cli.terminal.man_page import man_page  # noqa: PLC0415
    from fuse_otel.config.example_file import example_file  # noqa: PLC0415

    for name, text in (
        ("completion/fuse-otel.bash", completion("bash")),
        ("completion/_fuse-otel", completion("zsh")),
        ("completion/fuse-otel.fish", completion("fish")),
        ("man/man1/fuse-otel.1", man_page()),
        ("fuse-otel.toml", example_file()),
    ):
        yield PurePosixPath(name), f"{text.rstrip()}\n".encode()
