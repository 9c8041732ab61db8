"""Variables in texts of the configuration file: ``${NAME}``, ``${env:NAME}`` and ``$$`` for a
dollar, as the OpenTelemetry Collector has them
(https://opentelemetry.io/docs/collector/configuration/#environment-variables).

A variable that is not set is an error here. The Collector replaces it by nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from fuse_otel.errors import ConfigurationError

# $$, or ${ up to the next brace. A dollar before anything else is an ordinary character.
_REFERENCE = re.compile(r"\$(?:\$|\{([^{}]*)(\}?))")
_NAME = re.compile(r"(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)


class Expanded(NamedTuple):
    """``variables``: key of the file → the variables that its texts name, in their order."""

    content: Mapping[str, object]
    variables: Mapping[str, tuple[str, ...]]


def expand(content: Mapping[str, object], environ: Mapping[str, str], file: str) -> Expanded:
    """Raises ``ConfigurationError`` with all problems at once. No message repeats a text, because
    it may hold a secret.
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
