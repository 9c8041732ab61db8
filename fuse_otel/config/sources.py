"""The places that settings come from, as sources of pydantic-settings. From the highest priority to
the lowest: flags, our variables, the file, OpenTelemetry's variables, defaults.

The sources that pydantic-settings has stop at the first value that they cannot read, know no
``*_FILE`` twins and ignore names that they do not know. These collect every problem, and remember
where each value was written.
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
from fuse_otel.config.file.contents import unfold
from fuse_otel.config.file.tables import repeats
from fuse_otel.config.problems import Place, unknown

DEFAULT = "default"
_ONE_ACCOUNT = ("email", "developer_key")
_NO_ACCOUNT = (
    f"{variable_of('email')}, {variable_of('developer_key')}: They are missing: give them, or list"
    " [[accounts]] in the file."
)
# An empty list of accounts is none: then there may be one outside.
_TABLES = tuple(name for name in TABLES if name != "accounts")
_NAMES = tuple(name for each in SETTINGS for name in (each.name, each.twin)[: 1 + each.secret])
# Kubernetes puts these into every container of a namespace that has a Service of our name:
# https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
_OF_KUBERNETES = re.compile(
    r"FUSE_OTEL_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)"
)
_LINK = re.compile(r"(tcp|udp|sctp)://")


@dataclass(frozen=True, slots=True)
class Written:
    """``where``: the setting as the user wrote it. ``origin``: the flag, variable or file.

    pydantic-settings merges dictionaries of several sources and can log what a source gives
    (``PYDANTIC_SETTINGS_DEBUG``). It does neither with the value inside.
    """

    value: object = field(repr=False)
    where: str
    origin: str


Layer = Mapping[str, Written]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the sources read, and what they add: ``problems``, the name of each place as the user
    wrote it, and for each setting the value that won. ``environ`` holds no empty values.
    """

    environ: Mapping[str, str]
    flags: Mapping[str, str]
    file: str
    content: Mapping[str, object]
    needs_account: bool
    problems: list[str] = field(default_factory=list)
    names: dict[Place, str] = field(default_factory=dict)
    won: dict[str, Written] = field(default_factory=dict)


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
        self._layer: Layer = {}

    @abstractmethod
    def read(self) -> Layer:
        """What this place says. ``current_state`` holds what higher places say."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[object, str, bool]:  # noqa: ARG002 - the base class's signature
        return self._layer.get(field_name), field_name, False

    def __call__(self) -> dict[str, object]:
        self._layer = self.read()
        for name, written in self._layer.items():
            self.inputs.won.setdefault(name, written)
            self.inputs.names.setdefault((name,), written.where)
        return dict(self._layer)

    def once(self, layer: Layer) -> Layer:
        """The scalar settings that no higher place has set, each under its own name: the twin of a
        secret is replaced by what its file holds.
        """
        found: dict[str, Written] = {}
        for each in SETTINGS:
            own, twin = layer.get(each.name), layer.get(each.twin) if each.secret else None
            if each.name in self.current_state:
                continue
            if own and twin:
                self.inputs.problems.append(
                    f"{own.where} and {twin.where}: Give one of them, not both."
                )
            if own:
                found[each.name] = own
            elif twin:
                secret = unfold(twin.value, twin.where, self.inputs.problems)
                found[each.name] = replace(twin, value=secret)
        return found


class FlagSource(_Source):
    def read(self) -> Layer:
        return self.once(
            {
                name: Written(text, flag_of(name), flag_of(name))
                for name, text in self.inputs.flags.items()
                if text.strip()
            }
        )


class EnvironmentSource(_Source):
    """The variables of our prefix."""

    def read(self) -> Layer:
        names = {variable_of(name): name for name in _NAMES}
        layer = {}
        for variable, text in self.inputs.environ.items():
            if variable in names:
                layer[names[variable]] = Written(text, variable, variable)
            elif _is_mistyped(variable, text):
                sentence = unknown(variable, (*names, CONFIG_VARIABLE), PREFIX)
                self.inputs.problems.append(f"{variable}: {sentence}")
        return self.once(layer)


def _is_mistyped(variable: str, text: str) -> bool:
    if not variable.startswith(PREFIX) or variable == CONFIG_VARIABLE:
        return False
    linked = variable.endswith("_PORT") and _LINK.match(text)
    return not (linked or _OF_KUBERNETES.fullmatch(variable))


class FileSource(_Source):
    """Scalar settings and tables. An empty text is unset here too."""

    def read(self) -> Layer:
        file, content, problems = self.inputs.file, self.inputs.content, self.inputs.problems
        known = (*_NAMES, *TABLES)
        problems += [f"{file}: {key}: {unknown(key, known)}" for key in content if key not in known]
        problems += [
            f"{file}: {listed}[{place}].{key}: {sentence}"
            for listed, place, key, sentence in repeats(content)
        ]
        scalars = {
            name: self._written(name, content[name])
            for name in _NAMES
            if content.get(name, "") != ""
        }
        tables = {name: self._written(name, content[name]) for name in _TABLES if name in content}
        if accounts := content.get("accounts"):
            tables["accounts"] = self._written("accounts", self._accounts(accounts))
        return {
            **self.once({name: self._written(name, content[name]) for name in scalars}),
            **tables,
        }

    def _written(self, name: str, value: object) -> Written:
        return Written(value, f"{self.inputs.file}: {name}", self.inputs.file)

    def _accounts(self, listed: object) -> object:
        if not isinstance(listed, list):
            return listed
        return [self._account(place, each) for place, each in enumerate(listed)]

    def _account(self, place: int, table: object) -> object:
        """The table with its key, where that stands in a file of its own."""
        if not isinstance(table, dict) or "developer_key_file" not in table:
            return table
        where = f"{self.inputs.file}: accounts[{place}].developer_key_file"
        if "developer_key" in table:
            self.inputs.problems.append(
                f"{where}: Give developer_key or developer_key_file, not both."
            )
        self.inputs.names["accounts", place, "developer_key"] = where
        path = table["developer_key_file"]
        rest = {key: value for key, value in table.items() if key != "developer_key_file"}
        return {**rest, "developer_key": unfold(path, where, self.inputs.problems)}


class OpenTelemetrySource(_Source):
    """The standard's variables. They stand below the file, because its destinations outrank the
    one that they define.
    """

    def read(self) -> Layer:
        environ, problems = self.inputs.environ, self.inputs.problems
        protocol, variable = otel_environment.traces_protocol(environ)
        layer = {
            "limits": self._written(
                otel_environment.limits_of(environ, problems), otel_environment.LIMITS
            ),
            "self_traces_protocol": Written(protocol, variable, variable or DEFAULT),
        }
        if "destinations" not in self.current_state:
            layer["destinations"] = self._written(
                otel_environment.defaults_of(environ, problems), otel_environment.variables()
            )
        return layer

    def _written(self, value: object, variables: Iterable[str]) -> Written:
        names = ", ".join(name for name in variables if name in self.inputs.environ)
        return Written(value, names, names or DEFAULT)


class DefaultSource(_Source):
    """The defaults of the catalogue, and the settings that by default follow from others."""

    def read(self) -> Layer:
        layer = {
            each.name: Written(each.default, each.variable, DEFAULT)
            for each in SETTINGS
            if each.default
        }
        flavour = self.current_state.get("flavour") or layer["flavour"]
        layer["traces_flavour"] = layer["logs_flavour"] = flavour
        layer["accounts"] = self._account()
        return layer

    def _account(self) -> Written:
        """The account of ``email`` and ``developer_key``, where the file lists none."""
        there = {name: found for name in _ONE_ACCOUNT if (found := self.current_state.get(name))}
        if there and self.current_state.get("accounts"):
            self.inputs.problems.append(
                f"{' and '.join(each.where for each in there.values())}: The file lists"
                " [[accounts]]: name one account or list several, not both."
            )
        elif there:
            for name in _ONE_ACCOUNT:
                where = there[name].where if name in there else variable_of(name)
                self.inputs.names["accounts", 0, name] = where
        elif self.inputs.needs_account and not self.current_state.get("accounts"):
            self.inputs.problems.append(_NO_ACCOUNT)
        values = [{name: written.value for name, written in there.items()}] if there else []
        origin = there["email"].origin if "email" in there else DEFAULT
        return Written(values, "", origin)
