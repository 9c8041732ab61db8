"""Loads the settings from all sources, or reports every problem at once."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from pydantic import BaseModel, ValidationError

from fuse_otel.config import Loaded
from fuse_otel.config.file.contents import expand, find_config_file, has_secret, read_toml
from fuse_otel.config.file.destinations import DestinationTable
from fuse_otel.config.file.redaction_rules import RedactionRuleTable
from fuse_otel.config.file.tables import Account, RescanTable
from fuse_otel.config.inputs import DEFAULT, Inputs
from fuse_otel.config.problems import MAX_PROBLEMS, sentences
from fuse_otel.config.settings import Settings
from fuse_otel.config.warnings import advice_of, conflicts, warnings_of
from fuse_otel.errors import ConfigurationError
from fuse_otel.files import shown_path

_TABLES: Mapping[str, type[BaseModel]] = {
    "accounts": Account,
    "destinations": DestinationTable,
    "rescans": RescanTable,
    "redaction_rules": RedactionRuleTable,
}


def load_from(
    environ: Mapping[str, str],
    config_file: str | None,
    default_file: str | None,
    flags: Mapping[str, str],
    needs_account: bool,
) -> Loaded:
    """See ``fuse_otel.config.load``."""
    found = find_config_file(environ, config_file, default_file)
    content, mode = read_toml(found)
    file = found.path if found else ""
    expanded = expand(content, environ, file)
    inputs = Inputs(
        environ={
            name: text.removeprefix("\ufeff") for name, text in environ.items() if text.strip()
        },
        flags=flags,
        file=file,
        content=expanded.content,
        needs_account=needs_account,
        variables=expanded.variables,
    )
    if file:
        inputs.warn_of_access(file, mode, shown_path(file), is_secret=has_secret(content))
    settings = _settings(inputs)
    if settings is not None:
        inputs.problems.extend(conflicts(settings, inputs.names))
    if inputs.problems or settings is None:
        raise ConfigurationError(islice(dict.fromkeys(inputs.problems), MAX_PROBLEMS))
    origins = {
        name: inputs.effective[name].origin if name in inputs.effective else DEFAULT
        for name in Settings.model_fields
    }
    has_destinations = "destinations" in inputs.content
    warnings = (*inputs.warnings, *warnings_of(settings, inputs.environ, has_destinations))
    return Loaded(settings, origins, warnings, (*inputs.advice, *advice_of(settings)), file)


def _settings(inputs: Inputs) -> Settings | None:
    try:
        return Settings.read(inputs)
    except ValidationError as error:
        inputs.problems.extend(sentences(error, inputs.names, _TABLES))
        return None
