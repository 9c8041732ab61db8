"""Where settings come from, as sources of pydantic-settings. From the highest priority to the
lowest: flags, our variables, the file, OpenTelemetry's variables, defaults.

The environment source of pydantic-settings stops at the first value that it cannot parse. None of
its sources knows ``*_FILE`` variables or reports unknown names. Ours collect every problem and
remember where each value was set.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import chain, islice

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
from fuse_otel.config.file.tables import duplicates
from fuse_otel.config.inputs import DEFAULT, Inputs, Layer, SourceValue
from fuse_otel.config.problems import MAX_PROBLEMS, unknown
from fuse_otel.config.values.quantities import read_switch

_ONE_ACCOUNT = ("email", "developer_key")
_NO_ACCOUNT = (
    f"{variable_of('email')}, {variable_of('developer_key')}: Both are required. Are they"
    " exported in this shell? (Several accounts: [[accounts]] in the file of --config.)"
)
_NAMES = tuple(name for each in SETTINGS for name in each.names)
# Kubernetes sets these in every container of a namespace that has a Service of our name:
# https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
_OF_KUBERNETES = re.compile(
    r"FUSE_OTEL_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)"
)
_LINK = re.compile(r"(tcp|udp|sctp)://")


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
                secret, path = self.inputs.secret_of_file(given[0].value, given[0].name)
                found[each.name] = replace(given[0], value=secret, path=path)
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
                self.inputs.warn_of_text(text, variable)
        known = (*names, CONFIG_VARIABLE)
        strange = (each for each in self.inputs.environ.items() if _is_unknown(*each, known))
        self.inputs.problems.extend(
            unknown(variable, known, PREFIX) for variable, _ in islice(strange, MAX_PROBLEMS)
        )
        return self.with_secrets_read(layer)


def _is_unknown(variable: str, text: str, known: Collection[str]) -> bool:
    if not variable.startswith(PREFIX) or variable in known:
        return False
    link = variable.endswith("_PORT") and _LINK.match(text)
    return not (link or _OF_KUBERNETES.fullmatch(variable))


class FileSource(_Source):
    """Scalar settings and tables of the file. An empty text counts as unset."""

    def read(self) -> Layer:
        file, content = self.inputs.file, self.inputs.content
        known = (*_NAMES, *TABLES)
        problems = chain(
            (unknown(key, known) for key in content if key not in known), duplicates(content)
        )
        self.inputs.problems.extend(f"{file}: {each}" for each in islice(problems, MAX_PROBLEMS))
        layer = {
            name: SourceValue(content[name], f"{file}: {name}", self._origin(name))
            for name in known
            if name in content and not _is_unset(name, content[name])
        }
        for setting in SETTINGS:
            # With the email a secret makes the login: a wrong character in either is a 401.
            if (setting.secret or setting.name == "email") and setting.name in layer:
                self.inputs.warn_of_text(layer[setting.name].value, layer[setting.name].name)
        tables = {name: layer[name] for name in TABLES if name in layer}
        if "accounts" in tables:
            accounts = self._with_keys_read(tables["accounts"].value)
            tables["accounts"] = replace(tables["accounts"], value=accounts)
        return {**self.with_secrets_read(layer), **tables}

    def _origin(self, key: str) -> str:
        variables = ", ".join(f"${{{name}}}" for name in self.inputs.variables.get(key, ()))
        return f"{self.inputs.file} ({variables})" if variables else self.inputs.file

    def _with_keys_read(self, accounts: object) -> object:
        if not isinstance(accounts, list):
            return accounts
        return [self._with_key_read(place, each) for place, each in enumerate(accounts)]

    def _with_key_read(self, place: int, table: object) -> object:
        """The table of an account, with the content of ``developer_key_file`` as its key."""
        if not isinstance(table, dict):
            return table
        where = f"{self.inputs.file}: accounts[{place}]"
        self.inputs.warn_of_text(table.get("email"), f"{where}.email")
        if "developer_key_file" not in table:
            self.inputs.warn_of_text(table.get("developer_key"), f"{where}.developer_key")
            return table
        name = f"{where}.developer_key_file"
        if "developer_key" in table:
            self.inputs.problems.append(
                f"{name}: Set developer_key or developer_key_file, not both."
            )
        self.inputs.names["accounts", place, "developer_key"] = name
        secret, path = self.inputs.secret_of_file(table["developer_key_file"], name)
        return {**table, "developer_key": secret, "developer_key_file": path}


def _is_unset(name: str, value: object) -> bool:
    # An empty list of accounts counts as unset: email and developer_key may then set the account.
    return not value if name == "accounts" else value == "" and name in _NAMES


class OpenTelemetrySource(_Source):
    """The standard variables. Their priority is below the file, because destinations of the file
    replace the one that they define.
    """

    def read(self) -> Layer:
        environ, problems = self.inputs.environ, self.inputs.problems
        for variable in otel_environment.variables():
            self.inputs.warn_of_text(environ.get(variable), variable)
        limits = otel_environment.limits(environ, problems)
        protocol, variable = otel_environment.traces_protocol(environ)
        layer = {
            "limits": self._value(limits, otel_environment.LIMITS),
            "self_traces_protocol": self._value(protocol, [variable]),
        }
        if "destinations" not in self.current_state:
            destinations = otel_environment.destinations(environ, problems)
            layer["destinations"] = self._value(destinations, otel_environment.variables())
        elif self._traces_itself():
            problems.extend(otel_environment.unreadable_files(environ))
        return layer

    def _traces_itself(self) -> bool:
        setting = self.current_state.get("self_traces")
        try:
            return setting is not None and read_switch(setting.value)
        except ValueError:  # reported when the setting is validated
            return False

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
        tables: list[dict[str, object]] = [{name: each.value for name, each in one.items()}]
        if "developer_key" in one:
            tables[0]["developer_key_file"] = one["developer_key"].path
        if not one:
            tables = []
        return SourceValue(tables, "", one["email"].origin if "email" in one else DEFAULT)
