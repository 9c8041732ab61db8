"""Reads the configuration file, and the files that hold one secret each, as Docker and Kubernetes
mount them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from fuse_otel.config.catalogue import CONFIG_VARIABLE, flag_of
from fuse_otel.config.values.quantities import read_required_text
from fuse_otel.errors import ConfigurationError

_MOST = 64 * 1024  # bytes of a secret
_UNREAD = "unread"


def path_of(environ: Mapping[str, str], config_file: str | None) -> str | None:
    """The path that the flag or else the variable names; empty is unset."""
    return config_file or environ.get(CONFIG_VARIABLE, "").strip() or None


def read_toml(path: str | None, *, by_flag: bool) -> Mapping[str, object]:
    """Raises ``ConfigurationError``: whatever else is wrong would only follow from this."""
    if path is None:
        return {}
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        where = flag_of("config") if by_flag else CONFIG_VARIABLE
        problem = f"{where}: The file {path} cannot be read: {error.strerror}."
    except UnicodeDecodeError:
        problem = f"{path}: It holds no UTF-8 text."
    except tomllib.TOMLDecodeError as error:
        problem = f"{path}: It is no TOML: {error}."
    raise ConfigurationError([problem])


def unfold(path: object, where: str, problems: list[str]) -> str:
    """What the file holds, without white space around it. Adds to ``problems`` if there is nothing
    to be had; what is returned then only keeps the secret from being called missing as well.
    """
    try:
        return _read_secret(Path(read_required_text(path)))
    except ValueError as error:
        problems.append(f"{where}: {error}")
        return _UNREAD


def _read_secret(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST + 1)
    except OSError as error:
        raise ValueError(f"The file it names cannot be read: {error.strerror}.") from error
    try:
        text = content.decode().strip()
    except UnicodeDecodeError:
        raise ValueError("The file it names holds no UTF-8 text.") from None
    if not text or len(content) > _MOST:
        raise ValueError("The file it names has to hold the secret alone.")
    return text
