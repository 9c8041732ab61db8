"""Where settings come from, as sources of pydantic-settings. From the highest priority to the
lowest: flags, our variables, the file, OpenTelemetry's variables, defaults.

The environment source of pydantic-settings stops at the first value that it cannot parse. None of
its sources knows ``*_FILE`` variables or reports unknown names. Ours collect every problem and
remember where each value was set.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from fuse_otel.config import otel_environment
from fuse_otel.config.catalogue import (
    CONFIG_VARIABLE,
    PREFIX,
    SETTINGS,
    TABLES,
    flag_of,
    variable_of,
)
from fuse_otel.config.file.contents import read_secret
from fuse_otel.config.file.tables import duplicates
from fuse_otel.config.problems import Place, unknown

DEFAULT = "default"
_ONE_ACCOUNT = ("email", "developer_key")
_NO_ACCOUNT = (
    f"{variable_of('email')}, {variable_of('developer_key')}: Both are required, unless the file"
    " lists [[accounts]]."
)
_NAMES = tuple(name for each in SETTINGS for name in each.names)
# Kubernetes sets these in every container of a namespace that has a Service of our name:
# https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
_OF_KUBERNETES = re.compile(
    r"FUSE_OTEL_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)"
)
_LINK = re.compile(r"(tcp|udp|sctp)://")


@dataclass(frozen=True, slots=True)
class SourceValue:
    """``name``: the setting as the user wrote it. ``origin``: the flag, variable or file.

    pydantic-settings merges the dictionaries of several sources, and ``PYDANTIC_SETTINGS_DEBUG=1``
    makes it log what each source returns. This class keeps the value out of both: the value of the
    source with the highest priority wins whole, and no secret gets into a log.
    """

    value: object = field(repr=False)
    name: str
    origin: str


Layer = Mapping[str, SourceValue]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the sources read, and what they add: ``problems``, ``names`` (place → the setting as the
    user wrote it) and ``effective`` (setting → its value of the highest priority). ``environ``
    holds no empty values.
    """

    environ: Mapping[str, str]
    flags: Mapping[str, str]
    file: str
    content: Mapping[str, object]
    needs_account: bool
    problems: list[str] = field(default_factory=list)
    names: dict[Place, str] = field(default_factory=dict)
    effective: dict[str, SourceValue] = field(default_factory=dict)


def sources(
    settings_cls: type[BaseSettings], inputs: Inputs
) -> tuple[PydanticBaseSettingsSource, ...]:
    """Every source, highest priority first."""
    ordered = (FlagSource, EnvironmentSource, FileSource, OpenTelemetrySource, DefaultSource)
    return tuple(source(settings_cls, inputs) for source in ordered)


class _Source(PydanticBaseSettingsSource):
    def __init__(self, settings_cls: type[BaseSettings], inputs: Inputs) -> None:
        super().__init__(settings_cls)
        self.inputs = inputs

    @abstractmethod
    def read(self) -> Layer:
        """The values of this source. ``current_state`` holds those of higher priority."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[object, str, bool]:
        # The base class wants it, for sources that read field by field. Ours read all at once.
        raise NotImplementedError

    def __call__(self) -> dict[str, object]:
        layer = self.read()
        for name, found in layer.items():
            self.inputs.effective.setdefault(name, found)
            self.inputs.names.setdefault((name,), found.name)
        return dict(layer)

    def with_secrets_read(self, layer: Layer) -> Layer:
        """The scalar settings of the layer. ``NAME_file`` becomes ``NAME`` with the content of that
        file; the file is not opened if a source of higher priority has set ``NAME``.
        """
        found: dict[str, SourceValue] = {}
        for each in SETTINGS:
            if each.name in self.current_state:
                continue
            given = [layer[name] for name in each.names if name in layer]
            if len(given) > 1:
                names = " and ".join(value.name for value in given)
                self.inputs.problems.append(f"{names}: Set only one of them.")
            if each.name in layer:
                found[each.name] = layer[each.name]
            elif given:
                secret = read_secret(given[0].value, given[0].name, self.inputs.problems)
                found[each.name] = replace(given[0], value=secret)
        return found


class FlagSource(_Source):
    def read(self) -> Layer:
        return self.with_secrets_read(
            {
                name: SourceValue(text, flag_of(name), flag_of(name))
                for name, text in self.inputs.flags.items()
                if text.strip()
            }
        )


class EnvironmentSource(_Source):
    """The variables with our prefix."""

    def read(self) -> Layer:
        names = {variable_of(name): name for name in _NAMES}
        layer = {}
        for variable, text in self.inputs.environ.items():
            if variable in names:
                layer[names[variable]] = SourceValue(text, variable, variable)
            elif _is_unknown(variable, text):
                problem = unknown(variable, (*names, CONFIG_VARIABLE), PREFIX)
                self.inputs.problems.append(problem)
        return self.with_secrets_read(layer)


def _is_unknown(variable: str, text: str) -> bool:
    if not variable.startswith(PREFIX) or variable == CONFIG_VARIABLE:
        return False
    link = variable.endswith("_PORT") and _LINK.match(text)
    return not (link or _OF_KUBERNETES.fullmatch(variable))


class FileSource(_Source):
    """Scalar settings and tables of the file. An empty text counts as unset."""

    def read(self) -> Layer:
        file, content = self.inputs.file, self.inputs.content
        known = (*_NAMES, *TABLES)
        problems = [f"{file}: {unknown(key, known)}" for key in content if key not in known]
        problems += [f"{file}: {problem}" for problem in duplicates(content)]
        self.inputs.problems.extend(problems)
        layer = {
            name: SourceValue(content[name], f"{file}: {name}", file)
            for name in known
            if name in content and not _is_unset(name, content[name])
        }
        tables = {name: layer[name] for name in TABLES if name in layer}
        if "accounts" in tables:
            accounts = self._with_keys_read(tables["accounts"].value)
            tables["accounts"] = replace(tables["accounts"], value=accounts)
        return {**self.with_secrets_read(layer), **tables}

    def _with_keys_read(self, accounts: object) -> object:
        if not isinstance(accounts, list):
            return accounts
        return [self._with_key_read(place, each) for place, each in enumerate(accounts)]

    def _with_key_read(self, place: int, table: object) -> object:
        """The table of an account: the content of ``developer_key_file`` becomes its key."""
        if not isinstance(table, dict) or "developer_key_file" not in table:
            return table
        name = f"{self.inputs.file}: accounts[{place}].developer_key_file"
        if "developer_key" in table:
            self.inputs.problems.append(
                f"{name}: Set developer_key or developer_key_file, not both."
            )
        self.inputs.names["accounts", place, "developer_key"] = name
        rest = {key: value for key, value in table.items() if key != "developer_key_file"}
        secret = read_secret(table["developer_key_file"], name, self.inputs.problems)
        return {**rest, "developer_key": secret}


def _is_unset(name: str, value: object) -> bool:
    # An empty list of accounts counts as unset: email and developer_key may then set the account.
    return not value if name == "accounts" else value == "" and name in _NAMES


class OpenTelemetrySource(_Source):
    """The standard variables. Their priority is below the file, because destinations of the file
    replace the one that they define.
    """

    def read(self) -> Layer:
        environ, problems = self.inputs.environ, self.inputs.problems
        limits = otel_environment.limits(environ, problems)
        protocol, variable = otel_environment.traces_protocol(environ)
        layer = {
            "limits": self._value(limits, otel_environment.LIMITS),
            "self_traces_protocol": self._value(protocol, [variable]),
        }
        if "destinations" not in self.current_state:
            destinations = otel_environment.destinations(environ, problems)
            layer["destinations"] = self._value(destinations, otel_environment.variables())
        return layer

    def _value(self, value: object, variables: Iterable[str]) -> SourceValue:
        names = ", ".join(name for name in variables if name in self.inputs.environ)
        return SourceValue(value, names, names or DEFAULT)


class DefaultSource(_Source):
    """The defaults of the catalogue, and settings whose default depends on other settings."""

    def read(self) -> Layer:
        layer = {
            each.name: SourceValue(each.default, each.variable, DEFAULT)
            for each in SETTINGS
            if each.default
        }
        flavour = self.current_state.get("flavour") or layer["flavour"]
        layer["traces_flavour"] = layer["logs_flavour"] = flavour
        layer["accounts"] = self._accounts()
        return layer

    def _accounts(self) -> SourceValue:
        """The account of ``email`` and ``developer_key``, if these are set."""
        state = self.current_state
        one = {name: state[name] for name in _ONE_ACCOUNT if name in state}
        if one and "accounts" in state:
            names = " and ".join(value.name for value in one.values())
            self.inputs.problems.append(
                f"{names}: The file lists [[accounts]]. Use the list or these settings, not both."
            )
        elif one:
            for name in _ONE_ACCOUNT:
                where = one[name].name if name in one else variable_of(name)
                self.inputs.names["accounts", 0, name] = where
        elif self.inputs.needs_account and "accounts" not in state:
            self.inputs.problems.append(_NO_ACCOUNT)
        tables = [{name: found.value for name, found in one.items()}] if one else []
        return SourceValue(tables, "", one["email"].origin if "email" in one else DEFAULT)
