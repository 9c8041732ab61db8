"""Reads the configuration file, YAML, and files that hold one secret each, as Docker and Kubernetes
mount them. Replaces the variables in texts of the configuration file.
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


_DEEPEST = 8


def read_yaml(content: bytes) -> Mapping[str, object]:
    """A mapping of which every scalar is text: ``yes`` and ``1e3`` stay what the operator wrote.
    Without its empty values. Raises ``ValueError`` with a sentence, which repeats
    nothing of the content: it may hold secrets.
    """
    import yaml  # noqa: PLC0415 - 20 ms, and only this file needs it

    try:
        loader = yaml.BaseLoader(content.decode("utf-8-sig"))
        found = _plain(loader.get_single_node())
    except UnicodeDecodeError:
        raise ValueError("Not UTF-8 text.") from None
    except RecursionError:
        raise ValueError("Not valid YAML: It is nested too deeply.") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ValueError(f"Not valid YAML in line {line}.") from None
    except yaml.YAMLError:
        raise ValueError("Not valid YAML: A character is not allowed.") from None
    if found is None or found == "":
        return {}
    if not isinstance(found, Mapping):
        raise ValueError("Must be a table of keys.")  # noqa: TRY004 - a problem of the file
    return found


def _plain(node: object, depth: int = 0) -> object:
    """``node`` of PyYAML as dictionaries, lists and texts; an empty scalar as ``None``.

    Not PyYAML's constructor: it takes the last one of two equal keys without a word.
    """
    import yaml  # noqa: PLC0415 - as above

    if depth > _DEEPEST:  # also an alias that contains itself
        raise RecursionError
    if isinstance(node, yaml.ScalarNode):
        return node.value if node.value or node.style else None
    if isinstance(node, yaml.SequenceNode):
        return [_plain(each, depth + 1) for each in node.value]
    if not isinstance(node, yaml.MappingNode):
        return None
    made: dict[str, object] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise ValueError(f"Not valid YAML in line {line}: A key must be text.")  # noqa: TRY004
        if key.value in made:
            raise ValueError(f"Not valid YAML in line {line}: The key is there twice.")
        made[key.value] = _plain(value, depth + 1)
    return {name: value for name, value in made.items() if value is not None}


# $$, or ${ up to the next brace. A dollar before anything else is an ordinary character.
_REFERENCE = re.compile(r"\$(?:\$|\{([^{}]*)(\}?))")
_NAME = re.compile(r"(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)


class Expanded(NamedTuple):
    """``variables``: key of the file → the variables that its texts name, in their order."""

    content: Mapping[str, object]
    variables: Mapping[str, tuple[str, ...]]


def expand(content: Mapping[str, object], environ: Mapping[str, str], file: str) -> Expanded:
    """The texts with ``${NAME}`` and ``${env:NAME}`` replaced, and ``$$`` by a dollar, as the
    OpenTelemetry Collector has them
    (https://opentelemetry.io/docs/collector/configuration/#environment-variables). A variable that
    is not set is an error here. The Collector replaces it by nothing.

    Raises ``ConfigurationError`` with all problems at once. No message repeats a text, because it
    may hold a secret.
    """
    expansion = _Expansion(environ, file)
    found, variables = {}, {}
    for key, value in content.items():
        expansion.used.clear()
        found[key] = expansion.expanded(value, key)
        variables[key] = tuple(dict.fromkeys(expansion.used))
    if expansion.problems:
        raise ConfigurationError(dict.fromkeys(expansion.problems))
    return Expanded(found, variables)


class _Expansion:
    def __init__(self, environ: Mapping[str, str], file: str) -> None:
        self._environ = environ
        self._file = file
        self.problems: list[str] = []
        self.used: list[str] = []

    def expanded(self, value: object, place: str) -> object:
        if isinstance(value, str):
            return _REFERENCE.sub(lambda match: self._text(match, place), value)
        if isinstance(value, list):
            return [self.expanded(each, f"{place}[{at}]") for at, each in enumerate(value)]
        if isinstance(value, dict):
            return {key: self.expanded(each, f"{place}.{key}") for key, each in value.items()}
        return value

    def _text(self, match: re.Match[str], place: str) -> str:
        if match[0] == "$$":
            return "$"
        named = _NAME.fullmatch(match[1])
        if not named or not match[2]:
            self._problem(
                place, "${…} does not name a variable. Write ${NAME}, or $$ for a dollar."
            )
            return ""
        name, default = named.groups()
        text = self._environ.get(name, "")
        if default is not None:
            text = text or default
        elif name not in self._environ:
            self._problem(place, f"The variable {name} is not set.")
        self.used.append(name)
        return text.removeprefix("\ufeff")

    def _problem(self, place: str, sentence: str) -> None:
        self.problems.append(f"{self._file}: {place}: {sentence}")
