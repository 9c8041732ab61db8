"""Reads the configuration file, and files that hold one secret each, as Docker and Kubernetes mount
them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from fuse_otel.config.catalogue import CONFIG_VARIABLE, SETTINGS, flag_of
from fuse_otel.errors import ConfigurationError
from fuse_otel.files import UnreadableFile, read_bounded, shown_path

_MAX_CONFIG = 1024 * 1024  # bytes
_MAX_SECRET = 64 * 1024  # bytes
# tomllib takes quadratic time for a key with many dots, and recurses for nested values.
_DOTS = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){50}""")
_SECRETS = tuple(each.name for each in SETTINGS if each.secret)
_TOO_DEEP = "Not valid TOML: It is nested too deeply."


class ConfigFile(NamedTuple):
    """``named_by``: the flag or the variable with the path, or the words for the default path."""

    path: str
    named_by: str


def find_config_file(
    environ: Mapping[str, str], config_file: str | None, default_file: str | None
) -> ConfigFile | None:
    """The file that the flag or else the variable names (an empty name counts as unset), or else
    the default one, if something is there.
    """
    if config_file:
        return ConfigFile(config_file, flag_of("config"))
    if path := environ.get(CONFIG_VARIABLE, "").strip():
        return ConfigFile(path, CONFIG_VARIABLE)
    if default_file and _is_there(default_file):
        return ConfigFile(default_file, "The default configuration file")
    return None


def _is_there(path: str) -> bool:
    """Also if it cannot be read: without its settings a command would use another store."""
    try:
        Path(path).lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


class TomlFile(NamedTuple):
    """``mode`` as in ``SecretFile``; of no file 0."""

    content: Mapping[str, object]
    mode: int


def read_toml(file: ConfigFile | None) -> TomlFile:
    """Raises ``ConfigurationError`` at once, because other problems would only follow from it."""
    if file is None:
        return TomlFile({}, 0)
    shown = shown_path(file.path)
    try:
        data, mode = read_bounded(file.path, _MAX_CONFIG)
        return TomlFile(_parsed(data), mode)
    except UnreadableFile as error:
        problem = f"{file.named_by}: Cannot read the file {shown}: {error.reason}."
    except ValueError as error:
        problem = f"{shown}: {error}"
    raise ConfigurationError([problem])


def has_secret(content: Mapping[str, object]) -> bool:
    """Whether the file itself holds a secret setting. ``${NAME}`` only refers to one."""
    accounts = content.get("accounts")
    tables = [content, *accounts] if isinstance(accounts, list) else [content]
    values = (each.get(name) for each in tables if isinstance(each, Mapping) for name in _SECRETS)
    return any(isinstance(value, str) and value and "${" not in value for value in values)


def _parsed(content: bytes) -> Mapping[str, object]:
    """Raises ``ValueError`` with a sentence."""
    if len(content) > _MAX_CONFIG:
        raise ValueError("The file is larger than 1 MiB.")
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        raise ValueError("Not UTF-8 text.") from None
    if _DOTS.search(text):
        raise ValueError(_TOO_DEEP)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"Not valid TOML: {error}.") from None
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    except ValueError:  # Python's limit for whole numbers
        raise ValueError("Not valid TOML: A number has too many digits.") from None


class SecretFile(NamedTuple):
    """``mode``: type and permissions, as ``stat`` gives them."""

    secret: str
    mode: int


def read_secret(path: str) -> SecretFile:
    """The content without a byte order mark and white space around it. Raises ``ValueError`` with a
    sentence if the file holds no secret.
    """
    content, mode = read_bounded(path, _MAX_SECRET)
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise ValueError("The file is not UTF-8 text.") from None
    if not text or len(content) > _MAX_SECRET:
        raise ValueError("The file must contain the secret and nothing else.")
    return SecretFile(text, mode)
