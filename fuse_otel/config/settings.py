"""The settings, read and checked: what the assembly builds the daemon from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, NamedTuple

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
)

from fuse_otel.config.destination import Destination
from fuse_otel.config.values import fields
from fuse_otel.config.values.fields import choice, count, duration, number, size
from fuse_otel.config.values.quantities import read_required_text, write_duration
from fuse_otel.core.redaction import Mode
from fuse_otel.core.telemetry import Flavour, Signal

MIB = 1 << 20
ACCOUNT = "default"  # the name of one that has none
_EMAIL = re.compile(r"[^\s@:]+@[^\s@:]+")  # a colon would end the name of Basic authentication
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_Secret = Annotated[SecretStr, BeforeValidator(read_required_text)]
_NUMBER = re.compile(r"\+?[0-9(][0-9 ().-]*", re.ASCII)
FLAVOURS = choice(*(flavour.value for flavour in Flavour))


class Frozen(BaseModel):
    # What was given never gets into pydantic's own messages, nor does an unknown key get lost.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Rescan(NamedTuple):
    """The last ``span`` seconds are listed again ``every`` so many seconds; 0: on every poll."""

    span: int
    every: int

    def __str__(self) -> str:
        often = f"every {write_duration(self.every)}" if self.every else "on every poll"
        return f"{write_duration(self.span)} {often}"


def _email(value: object) -> str:
    email = read_required_text(value)
    if not _EMAIL.fullmatch(email):
        raise ValueError("It is no e-mail address.")
    return email


def _account_name(value: object) -> str:
    name = read_required_text(value)
    if not _NAME.fullmatch(name):
        raise ValueError("Letters, digits, -, _ and . make a name: it is a label of the metrics.")
    return name


def _numbers(value: object) -> tuple[str, ...]:
    # The numbers are not repeated in the sentence.
    if not isinstance(value, list):
        raise ValueError("It has to be a list.")  # noqa: TRY004 - pydantic collects these
    numbers = dict.fromkeys(str(each).strip() for each in value)
    if not all(_NUMBER.fullmatch(number) for number in numbers):
        raise ValueError("It has to be a list of phone numbers.")
    return tuple(numbers)


class Account(Frozen):
    """``numbers`` empty: all numbers of the account."""

    name: Annotated[str, BeforeValidator(_account_name)] = ACCOUNT
    email: Annotated[
        str,
        BeforeValidator(_email),
        Field(repr=False),
        PlainSerializer(fields.masked_email, when_used="json"),
    ]
    developer_key: _Secret
    numbers: Annotated[tuple[str, ...], BeforeValidator(_numbers), Field(repr=False)] = ()


class Settings(Frozen):
    """Durations are seconds, sizes bytes. ``severities`` maps a raw log class to SeverityNumber and
    SeverityText, ``service_names`` our own number (its digits) or an application's name to a
    ``service.name``. ``loki_stream_attribute`` is empty for none. ``self_traces_protocol`` is told
    by the standard variables alone.
    """

    accounts: tuple[Account, ...]
    api_url: fields.ApiUrl
    poll_interval: Annotated[fields.Seconds, duration(1.0, fields.DAY)]
    settle: Annotated[fields.Seconds, duration(most=3600.0)]
    grow: Annotated[fields.Seconds, duration(most=fields.DAY)]
    since: Annotated[fields.Seconds, duration(most=5 * fields.DAY)]
    max_requests_per_second: Annotated[float, number(0.01, 1000.0)]
    max_concurrent_requests: Annotated[int, count(1, 16)]
    rescans: tuple[Annotated[Rescan, PlainSerializer(str, when_used="json")], ...]
    state_url: fields.StateUrl
    max_disk: Annotated[fields.Bytes, size(16 * MIB, 1 << 50)]
    listen: fields.Address
    redaction: Annotated[Mode, choice(*(mode.value for mode in Mode))]
    redaction_rules: fields.Rules
    pseudonym_key: _Secret | None = None
    namespace: fields.Text
    environment: fields.Text
    resource_attributes: fields.Pairs
    error_policy: Annotated[str, choice("any", "last")]
    flavour: Annotated[Flavour, FLAVOURS]
    traces_flavour: Annotated[Flavour, FLAVOURS]
    logs_flavour: Annotated[Flavour, FLAVOURS]
    loki_stream_attribute: Annotated[str, BeforeValidator(fields.read_attribute_name)]
    service_names: Mapping[str, str] = Field(repr=False)
    severities: Mapping[str, tuple[int, str]]
    limits: fields.LimitsOfTheStandard
    hook_token: _Secret | None = None
    shutdown_grace: Annotated[fields.Seconds, duration(most=3600.0)]
    self_traces: fields.Switch
    self_traces_protocol: str
    log_level: Annotated[str, choice("debug", "info", "warn", "error")]
    log_format: Annotated[str, choice("logfmt", "json")]
    destinations: tuple[Destination, ...]

    def flavour_of(self, destination: Destination, signal: Signal) -> Flavour:
        """The destination's own, else the general one."""
        general = self.traces_flavour if signal is Signal.TRACES else self.logs_flavour
        return destination.flavours.get(signal, general)
