"""Where a setting can be said: flags, environment, file, defaults. What was said, and where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fuse_otel.config import otel_environment
from fuse_otel.config.catalogue import (
    CONFIG_VARIABLE,
    PREFIX,
    SETTINGS,
    TABLES,
    Setting,
    flag_of,
    variable_of,
)
from fuse_otel.config.file.contents import unfold
from fuse_otel.config.problems import unknown

DEFAULT = "default"
# Kubernetes puts these into every container of a namespace that has a Service of our name:
# https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
_OF_KUBERNETES = re.compile(
    r"FUSE_OTEL_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)"
)
_LINK = re.compile(r"(tcp|udp|sctp)://")


@dataclass(frozen=True, slots=True)
class Written:
    """``where``: the setting as the user wrote it. ``origin``: the flag, variable or file."""

    value: object
    where: str
    origin: str


Layer = Mapping[str, Written]
_NAMES = tuple(name for each in SETTINGS for name in (each.name, each.twin)[: 1 + each.secret])


def flag_layer(flags: Mapping[str, str]) -> Layer:
    return {
        name: Written(text, flag_of(name), flag_of(name))
        for name, text in flags.items()
        if text.strip()
    }


def environment_layer(environ: Mapping[str, str], problems: list[str]) -> Layer:
    """The variables of our prefix, none of them empty. ``environ`` holds no empty values."""
    names = {variable_of(name): name for name in _NAMES}
    layer: dict[str, Written] = {}
    for variable, text in environ.items():
        if variable in names:
            layer[names[variable]] = Written(text, variable, variable)
        elif _is_mistyped(variable, text):
            problems.append(f"{variable}: {unknown(variable, (*names, CONFIG_VARIABLE), PREFIX)}")
    return layer


def _is_mistyped(variable: str, text: str) -> bool:
    if not variable.startswith(PREFIX) or variable == CONFIG_VARIABLE:
        return False
    linked = variable.endswith("_PORT") and _LINK.match(text)
    return not (linked or _OF_KUBERNETES.fullmatch(variable))


def file_layer(file: str, content: Mapping[str, object], problems: list[str]) -> Layer:
    """The scalar settings of the file. An empty text is unset there too."""
    known = (*_NAMES, *TABLES)
    problems += [f"{file}: {key}: {unknown(key, known)}" for key in content if key not in known]
    return {
        name: Written(content[name], f"{file}: {name}", file)
        for name in _NAMES
        if name in content and content[name] != ""
    }


def default_layer() -> Layer:
    return {
        each.name: Written(each.default, each.variable, DEFAULT)
        for each in SETTINGS
        if each.default
    }


def said(setting: Setting, layers: Iterable[Layer], problems: list[str]) -> Written | None:
    """The word of the first layer that says something. A secret's twin counts as the secret."""
    for layer in layers:
        own, twin = layer.get(setting.name), layer.get(setting.twin) if setting.secret else None
        if own and twin:
            problems.append(f"{own.where} and {twin.where}: Give one of them, not both.")
        if own or twin:
            return own or (twin and _unfolded(twin, problems))
    return None


def _unfolded(twin: Written, problems: list[str]) -> Written:
    secret = unfold(twin.value, twin.where, problems)
    return Written(secret, twin.where, twin.origin)


def otel_variables(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The standard's variables about exporters that are set, in their order in the standard."""
    return tuple(name for name in otel_environment.variables() if name in environ)
