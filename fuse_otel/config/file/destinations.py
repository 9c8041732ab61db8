"""A ``[[destinations]]`` table of the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ValidationInfo, model_validator

from fuse_otel.config.destination import DestinationSettings
from fuse_otel.config.values import fields, otlp
from fuse_otel.config.values.quantities import read_required_text, read_text
from fuse_otel.core.model.telemetry import Profile, Signal

_SIGNALS = tuple(Signal)
_ONLY_OTLP = (
    "protocol", "endpoint", "traces_endpoint", "logs_endpoint", "headers", "timeout",
    "compression", "certificate", "client_certificate", "client_key",
)  # fmt: skip
_KEPT = {
    "name", "type", "signals", "redaction", "path", "protocol", "certificate",
    "client_certificate", "client_key",
}  # fmt: skip
_FOR_EACH_SIGNAL = ("headers", "timeout", "compression")


def _endpoint(value: object, info: ValidationInfo) -> str:
    if info.data.get("protocol") == otlp.GRPC:
        return otlp.grpc_target(value)
    return fields.split_http(value).geturl()


def _base_endpoint(value: object, info: ValidationInfo) -> str:
    url = _endpoint(value, info)
    path = urlsplit(url).path.rstrip("/") if info.data.get("protocol") != otlp.GRPC else ""
    for end in otlp.SIGNAL_PATHS:
        if path.endswith(end):
            raise ValueError(
                f"The URL must not end with {end}, because the path of each signal is appended to"
                " it. Remove that part, or set the endpoint of the signal instead."
            )
    return url


def _headers(value: object, info: ValidationInfo) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError(  # noqa: TRY004 - pydantic collects these
            'Must be a table, such as { "X-Scope-OrgID" = "acme" }.'
        )
    return sendable({str(name): read_text(text) for name, text in value.items()}, info)


def sendable(headers: dict[str, str], info: ValidationInfo) -> dict[str, str]:
    """The headers, if the protocol can send them. Raises ``ValueError``."""
    headers = otlp.check_headers(headers)
    return otlp.check_metadata(headers) if info.data.get("protocol") == otlp.GRPC else headers


def _signals(value: object) -> tuple[Signal, ...]:
    known = {signal.value: signal for signal in _SIGNALS}
    if not isinstance(value, list) or not value or not all(each in known for each in value):
        raise ValueError('Must be a list of "traces", "logs" or both.')
    return tuple(signal for signal in _SIGNALS if signal.value in value)


def _client_key(path: str | None, info: ValidationInfo) -> str | None:
    # The TLS libraries ignore a key without its certificate, without any message.
    if path and info.data.get("client_certificate", "wrong") is None:
        raise ValueError("A client key needs its client certificate.")
    return path


class DestinationTable(fields.Frozen):
    """The table as written; ``destination()`` completes it. ``protocol`` comes before the fields
    that it changes, because pydantic reads them in this order.
    """

    name: Annotated[str, BeforeValidator(read_required_text)]
    type: Annotated[str, fields.choice("otlp", "console", "file")] = "otlp"
    signals: Annotated[tuple[Signal, ...], BeforeValidator(_signals)] = _SIGNALS
    redaction: fields.ModeWord | None = None
    flavour: fields.FlavourWord | None = None
    traces_flavour: fields.FlavourWord | None = None
    logs_flavour: fields.FlavourWord | None = None
    path: fields.RequiredText | None = None
    protocol: Annotated[str, fields.choice(otlp.HTTP, otlp.GRPC)] = otlp.HTTP
    endpoint: Annotated[str | None, BeforeValidator(_base_endpoint)] = None
    traces_endpoint: Annotated[str | None, BeforeValidator(_endpoint)] = None
    logs_endpoint: Annotated[str | None, BeforeValidator(_endpoint)] = None
    headers: Annotated[Mapping[str, str], BeforeValidator(_headers)] = {}
    timeout: Annotated[float, fields.duration(0.001, 3600.0)] = otlp.DEFAULT_TIMEOUT
    compression: Annotated[str, fields.choice("gzip", "none")] = "gzip"
    certificate: fields.ReadableFile | None = None
    client_certificate: fields.ReadableFile | None = None
    client_key: Annotated[fields.ReadableFile | None, AfterValidator(_client_key)] = None

    @model_validator(mode="after")
    def _fits_type(self) -> DestinationTable:
        if self.type == "file" and not self.path:
            raise ValueError('type = "file" needs a path.')
        if self.type != "file" and self.path:
            raise ValueError('Only type = "file" has a path.')
        foreign = [name for name in _ONLY_OTLP if name in self.model_fields_set]
        if self.type != "otlp" and foreign:
            raise ValueError(f'Only type = "otlp" has {", ".join(foreign)}.')
        return self

    def destination(self) -> DestinationSettings:
        kept = self.model_dump(include=_KEPT)
        for_each_signal = {
            "urls": {signal: self._url(signal) for signal in self.signals},
            **{name: dict.fromkeys(self.signals, getattr(self, name)) for name in _FOR_EACH_SIGNAL},
        }
        return DestinationSettings.model_validate(
            {
                **kept,
                "flavours": self._flavours(),
                **(for_each_signal if self.type == "otlp" else {}),
            }
        )

    def _url(self, signal: Signal) -> str:
        own = self.traces_endpoint if signal is Signal.TRACES else self.logs_endpoint
        base = self.endpoint or otlp.DEFAULT_ENDPOINTS[self.protocol]
        if self.protocol == otlp.GRPC:
            return own or base
        return otlp.exact_url(own) if own else otlp.signal_url(base, signal)

    def _flavours(self) -> dict[Signal, Profile]:
        own = {Signal.TRACES: self.traces_flavour, Signal.LOGS: self.logs_flavour}
        wanted = {signal: own[signal] or self.flavour for signal in self.signals}
        return {signal: flavour for signal, flavour in wanted.items() if flavour is not None}


def _destination(value: object) -> DestinationSettings:
    if isinstance(value, DestinationSettings):
        return value  # from OpenTelemetry's variables
    return DestinationTable.model_validate(value).destination()


def _not_empty(value: object) -> object:
    # OpenTelemetry's variables give a tuple, and report by their own names that it is empty.
    if value == []:
        raise ValueError("An empty list delivers nothing. Add a destination or remove the list.")
    return value


Destinations = Annotated[
    tuple[Annotated[DestinationSettings, BeforeValidator(_destination)], ...],
    BeforeValidator(_not_empty),
]
