"""From what was said in all places to the settings, or to everything that is wrong."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from fuse_otel.config import Loaded, layers, otel_environment
from fuse_otel.config.catalogue import SETTINGS, TABLES, variable_of
from fuse_otel.config.destination import Destination
from fuse_otel.config.file.contents import path_of, read_toml, unfold
from fuse_otel.config.file.redaction_rules import own_rules
from fuse_otel.config.file.tables import MODELS, Tables, repeats
from fuse_otel.config.layers import DEFAULT, Layer, Written
from fuse_otel.config.otel_environment import LIMITS, limits_of
from fuse_otel.config.problems import Place, sentences
from fuse_otel.config.settings import Rescan, Settings
from fuse_otel.config.warnings import warnings_of
from fuse_otel.errors import ConfigurationError

_ONE_ACCOUNT = ("email", "developer_key")
_NO_ACCOUNT = (
    f"{variable_of('email')}, {variable_of('developer_key')}: They are missing: give them, or list"
    " [[accounts]] in the file."
)
_RESCANS = (Rescan(3_600, 0), Rescan(21_600, 600), Rescan(86_400, 3_600), Rescan(432_000, 86_400))


def load_from(
    environ: Mapping[str, str],
    config_file: str | None,
    flags: Mapping[str, str],
    needs_account: bool,
) -> Loaded:
    """See ``fuse_otel.config.load``."""
    spoken = {name: text for name, text in environ.items() if text.strip()}
    return _Loading(spoken, config_file, flags).loaded(needs_account)


class _Loading:
    """One run. Problems are gathered on the way, and told together at its end."""

    def __init__(
        self, environ: Mapping[str, str], config_file: str | None, flags: Mapping[str, str]
    ) -> None:
        self._environ = environ
        self._file = path_of(environ, config_file)
        self._content = read_toml(self._file, by_flag=bool(config_file))
        self._problems: list[str] = []
        self._said = self._settle(
            (
                layers.flag_layer(flags),
                layers.environment_layer(environ, self._problems),
                layers.file_layer(self._file or "", self._content, self._problems),
                layers.default_layer(),
            )
        )
        protocol, variable = otel_environment.traces_protocol(environ)
        origin = variable or DEFAULT
        self._said["self_traces_protocol"] = Written(protocol, variable, origin)

    def _settle(self, places: tuple[Layer, ...]) -> dict[str, Written]:
        found = {each.name: layers.said(each, places, self._problems) for each in SETTINGS}
        for signal in ("traces_flavour", "logs_flavour"):
            found[signal] = found[signal] or found["flavour"]
        return {name: written for name, written in found.items() if written is not None}

    def loaded(self, needs_account: bool) -> Loaded:
        tables = self._tables(needs_account)
        destinations = self._destinations(tables)
        settings = self._settings(tables, destinations)
        if self._problems or settings is None:
            raise ConfigurationError(dict.fromkeys(self._problems))
        return Loaded(
            settings,
            self._origins(),
            warnings_of(settings, self._environ, bool(tables.destinations)),
        )

    def _tables(self, needs_account: bool) -> Tables:
        raw = {name: self._content[name] for name in TABLES if name in self._content}
        names: dict[Place, str] = {(name,): f"{self._file}: {name}" for name in TABLES}
        if self._content.get("accounts"):
            raw["accounts"] = self._listed_accounts(names)
        else:
            raw["accounts"] = self._one_account(names, needs_account)
        self._problems += [
            f"{names[listed,]}[{place}].{key}: {sentence}"
            for listed, place, key, sentence in repeats(raw)
        ]
        try:
            return Tables.model_validate(raw)
        except ValidationError as error:
            self._problems += sentences(error, names, MODELS)
            return Tables()

    def _one_account(self, names: dict[Place, str], needs_account: bool) -> list[dict[str, object]]:
        there = {name: self._said[name] for name in _ONE_ACCOUNT if name in self._said}
        for name, written in there.items():
            names["accounts", 0, name] = written.where
        if not there:
            if needs_account:
                self._problems.append(_NO_ACCOUNT)
            return []
        for name in _ONE_ACCOUNT:
            names.setdefault(("accounts", 0, name), variable_of(name))
        return [{name: written.value for name, written in there.items()}]

    def _listed_accounts(self, names: dict[Place, str]) -> object:
        alone = [self._said[name].where for name in _ONE_ACCOUNT if name in self._said]
        if alone:
            self._problems.append(
                f"{' and '.join(alone)}: The file lists [[accounts]]: name one account or list"
                " several, not both."
            )
        listed = self._content["accounts"]
        if not isinstance(listed, list):
            return listed
        return [self._account(place, each, names) for place, each in enumerate(listed)]

    def _account(self, place: int, table: object, names: dict[Place, str]) -> object:
        """The table with its key, where that stands in a file of its own."""
        if not isinstance(table, dict) or "developer_key_file" not in table:
            return table
        where = f"{self._file}: accounts[{place}].developer_key_file"
        if "developer_key" in table:
            self._problems.append(f"{where}: Give developer_key or developer_key_file, not both.")
        names["accounts", place, "developer_key"] = where
        path = table["developer_key_file"]
        rest = {key: value for key, value in table.items() if key != "developer_key_file"}
        return {**rest, "developer_key": unfold(path, where, self._problems)}

    def _destinations(self, tables: Tables) -> tuple[Destination, ...]:
        if "destinations" in self._content:
            return tuple(table.destination() for table in tables.destinations)
        return otel_environment.defaults_of(self._environ, self._problems)

    def _settings(self, tables: Tables, destinations: tuple[Destination, ...]) -> Settings | None:
        scalars = {name: said for name, said in self._said.items() if name not in _ONE_ACCOUNT}
        values: dict[str, object] = {name: said.value for name, said in scalars.items()}
        for name in ("namespace", "environment", "resource_attributes"):
            values.setdefault(name, "")
        values |= {
            "accounts": tables.accounts,
            "destinations": destinations,
            "redaction_rules": own_rules(tables.redaction_rules),
            "rescans": tuple(table.rescan() for table in tables.rescans) or _RESCANS,
            "service_names": tables.service_names,
            "severities": tables.severities,
            "limits": limits_of(self._environ, self._problems),
        }
        try:
            return Settings.model_validate(values)
        except ValidationError as error:
            names: dict[Place, str] = {(name,): said.where for name, said in scalars.items()}
            self._problems += sentences(error, names, MODELS)
            return None

    def _origins(self) -> Mapping[str, str]:
        origins = dict.fromkeys(Settings.model_fields, DEFAULT)
        origins |= {name: said.origin for name, said in self._said.items() if name in origins}
        origins |= {name: str(self._file) for name in TABLES if name in self._content}
        if "accounts" not in self._content and "email" in self._said:
            origins["accounts"] = self._said["email"].origin
        spoken = layers.otel_variables(self._environ)
        if "destinations" not in self._content and spoken:
            origins["destinations"] = ", ".join(spoken)
        limiting = [name for name in LIMITS if name in self._environ]
        origins["limits"] = ", ".join(limiting) or DEFAULT
        return origins
