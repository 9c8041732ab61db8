"""Reads the configuration file, and files that hold one secret each, as Docker and Kubernetes mount
them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from fuse_otel.config.catalogue import CONFIG_VARIABLE, flag_of
from fuse_otel.config.values.quantities import read_required_text
from fuse_otel.errors import ConfigurationError

_MAX_FILE = 1024 * 1024  # bytes
_MAX_SECRET = 64 * 1024
_UNREAD = "unread"


def path_of(environ: Mapping[str, str], config_file: str | None) -> str | None:
    """The path that the flag or else the variable gives. An empty one counts as unset."""
    return config_file or environ.get(CONFIG_VARIABLE, "").strip() or None


def read_toml(path: str | None, *, by_flag: bool) -> Mapping[str, object]:
    """Raises ``ConfigurationError`` at once, because other problems would only follow from it."""
    if path is None:
        return {}
    try:
        with Path(path).open("rb") as file:
            content = file.read(_MAX_FILE + 1)
        if len(content) <= _MAX_FILE:
            return tomllib.loads(content.decode())
        problem = f"{path}: Larger than {_MAX_FILE >> 20} MiB, so not a configuration file."
    except OSError as error:
        name = flag_of("config") if by_flag else CONFIG_VARIABLE
        problem = f"{name}: Cannot read the file {path}: {error.strerror}."
    except UnicodeDecodeError:
        problem = f"{path}: Not UTF-8 text."
    except tomllib.TOMLDecodeError as error:
        problem = f"{path}: Not valid TOML: {error}."
    raise ConfigurationError([problem])


def read_secret(path: object, name: str, problems: list[str]) -> str:
    """The content of the file, without white space around it. ``name`` is that of the setting.

    Adds to ``problems`` if the file holds no secret. It then returns a text all the same, so that
    the secret is not reported as missing as well.
    """
    try:
        return _read_secret(Path(read_required_text(path)))
    except ValueError as error:
        problems.append(f"{name}: {error}")
        return _UNREAD


def _read_secret(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_SECRET + 1)
    except OSError as error:
        raise ValueError(f"Cannot read the file: {error.strerror}.") from error
    try:
        text = content.decode().strip()
    except UnicodeDecodeError:
        raise ValueError("The file is not UTF-8 text.") from None
    if not text or len(content) > _MAX_SECRET:
        raise ValueError("The file must contain the secret and nothing else.")
    return text
