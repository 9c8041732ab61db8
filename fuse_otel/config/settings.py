"""The validated settings, from which the assembly builds the daemon. They are loaded from all
sources, or every problem is reported at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from fuse_otel.config import Loaded
from fuse_otel.config.destination import DestinationSettings
from fuse_otel.config.file.contents import expand, find_config_file, has_secret, read_toml
from fuse_otel.config.file.destinations import Destinations, DestinationTable
from fuse_otel.config.file.redaction_rules import RedactionRuleTable, Rules
from fuse_otel.config.file.tables import (
    DEFAULT_RESCANS,
    Account,
    Rescan,
    Rescans,
    RescanTable,
    ServiceNames,
    Severities,
    TransferQueues,
)
from fuse_otel.config.file.web_config import WebConfigFile
from fuse_otel.config.inputs import DEFAULT, Inputs, SourceValue
from fuse_otel.config.problems import MAX_PROBLEMS, sentences
from fuse_otel.config.sources import sources
from fuse_otel.config.values import fields
from fuse_otel.config.values.fields import choice, count, duration, number, size
from fuse_otel.config.values.link_template import LinkTemplate
from fuse_otel.config.warnings import advice_of, conflicts, warnings_of
from fuse_otel.core.model.redaction_policy import OwnRules
from fuse_otel.core.model.telemetry import Profile, Signal
from fuse_otel.errors import ConfigurationError
from fuse_otel.files import shown_path

__all__ = ["Account", "DestinationSettings", "Rescan", "Settings", "load_from"]

_MIB = 1 << 20


class Settings(BaseSettings):
    """Durations are in seconds, sizes in bytes. ``severities`` maps a log class to SeverityNumber
    and SeverityText. ``service_names`` maps our own number (its digits) or the name of an
    application to a ``service.name``. ``loki_stream_attribute`` is empty for none. Only the
    standard variables set ``self_traces_protocol`` and ``limits``.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=False
    )

    accounts: tuple[Account, ...]
    api_url: fields.ApiUrl
    poll_interval: Annotated[fields.Seconds, duration(1.0, fields.DAY)]
    settle: Annotated[fields.Seconds, duration(most=3600.0)]
    grow: Annotated[fields.Seconds, duration(most=fields.DAY)]
    since: Annotated[fields.Seconds, duration(most=5 * fields.DAY)]
    max_requests_per_second: Annotated[float, number(0.01, 1000.0)]
    max_concurrent_requests: Annotated[int, count(1, 16)]
    rescans: Rescans = DEFAULT_RESCANS
    state_url: Annotated[fields.StateUrl, Field(repr=False)]
    max_disk: Annotated[fields.Bytes, size(16 * _MIB, 1 << 50)]
    listen: fields.Address
    allowed_hosts: fields.HostNames = ()
    web_config: WebConfigFile | None = None
    trace_url: LinkTemplate = ""
    logs_url: LinkTemplate = ""
    redaction: fields.ModeWord
    pages_redaction: fields.ModeWord
    redaction_rules: Rules = OwnRules()
    pseudonym_key: fields.Secret | None = None
    url_templates: fields.UrlTemplates = ()
    namespace: fields.Text = ""
    environment: fields.Text = ""
    resource_attributes: fields.Pairs = Field(default_factory=dict)
    error_policy: Annotated[str, choice("any", "last")]
    flavour: fields.FlavourWord
    traces_flavour: fields.FlavourWord
    logs_flavour: fields.FlavourWord
    loki_stream_attribute: Annotated[str, BeforeValidator(fields.read_attribute_name)]
    service_names: ServiceNames = Field(default_factory=dict, repr=False)
    severities: Severities = Field(default_factory=dict)
    transfer_queues: TransferQueues = Field(default_factory=dict, repr=False)
    limits: fields.LimitsOfTheStandard
    hook_token: fields.Secret | None = None
    metric_applications: Annotated[int, count(1, 10_000)]
    metric_modules: Annotated[int, count(1, 100_000)]
    shutdown_grace: Annotated[fields.Seconds, duration(most=3600.0)]
    self_traces: fields.Switch
    self_traces_protocol: str
    log_level: Annotated[str, choice("debug", "info", "warn", "error")]
    log_format: Annotated[str, choice("logfmt", "json")]
    destinations: Destinations

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class's signature
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return sources(settings_cls, init_settings()["inputs"])

    @classmethod
    def read(cls, inputs: Inputs) -> Settings:
        """Raises ``ValidationError``. Problems of the sources are in ``inputs`` either way."""
        keywords: dict[str, Any] = {"inputs": inputs}
        return cls(**keywords)

    @model_validator(mode="before")
    @classmethod
    def _values(cls, state: Mapping[str, SourceValue]) -> dict[str, object]:
        return {name: each.value for name, each in state.items() if name in cls.model_fields}

    def flavour_of(self, destination: DestinationSettings, signal: Signal) -> Profile:
        """The destination's own, or else the general one."""
        general = self.traces_flavour if signal is Signal.TRACES else self.logs_flavour
        return destination.flavours.get(signal, general)


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
