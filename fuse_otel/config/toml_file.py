"""The configuration file, as TOML has it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from fuse_otel.config.table import CONFIG_VARIABLE, flag_of
from fuse_otel.errors import ConfigurationError


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
