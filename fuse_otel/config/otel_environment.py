"""OpenTelemetry's own variables: they define the destination ``default`` and limit attributes.

https://opentelemetry.io/docs/specs/otel/protocol/exporter/ and
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#attribute-limits
with three deviations: compression is gzip by default, a limit can only tighten what the data model
allows, and a value that the standard would ignore with a warning is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import islice
from typing import Annotated

from pydantic import BeforeValidator, ValidationError, ValidationInfo

from fuse_otel.config.destination import DestinationSettings
from fuse_otel.config.file.destinations import DestinationTable, sendable
from fuse_otel.config.problems import MAX_PROBLEMS, sentences
from fuse_otel.config.values import fields, otlp
from fuse_otel.config.values.quantities import read_pairs, read_text
from fuse_otel.core.model.limits import MODEL, Limits, Most
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.humanize import quoted

_NAME = "default"
_BASE = "OTEL_EXPORTER_OTLP_"
OPTIONS = (
    "ENDPOINT", "HEADERS", "TIMEOUT", "COMPRESSION", "PROTOCOL", "INSECURE",
    "CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY",
)  # fmt: skip
_FILES = OPTIONS[-3:]
LIMITS = (
    "OTEL_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_SPAN_LINK_COUNT_LIMIT",
    "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
)
# Those of the SDK that sends the daemon's own traces.
_OF_SDK = frozenset(
    {
        "OTEL_SDK_DISABLED", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_SERVICE_NAME", "OTEL_TRACES_SAMPLER",
        "OTEL_TRACES_SAMPLER_ARG", "OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_EXPORT_TIMEOUT",
        "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    }
)  # fmt: skip
# Variables of the standard that nothing here reads: calls have no metrics, span events or links
# with attributes, and the last two are older names of OTEL_EXPORTER_OTLP_INSECURE.
_FOREIGN = frozenset(
    {
        "OTEL_METRICS_EXPORTER",
        "OTEL_SPAN_EVENT_COUNT_LIMIT",
        "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
        "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
        "OTEL_BLRP_SCHEDULE_DELAY",
        "OTEL_BLRP_EXPORT_TIMEOUT",
        "OTEL_BLRP_MAX_QUEUE_SIZE",
        "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
        *(f"OTEL_{of}_ATTRIBUTE_VALUE_LENGTH_LIMIT" for of in ("EVENT", "LINK")),
        *(f"{_BASE}{signal}_{option}" for signal in ("METRICS", "PROFILES") for option in OPTIONS),
        f"{_BASE}METRICS_TEMPORALITY_PREFERENCE",
        f"{_BASE}METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
        f"{_BASE}SPAN_INSECURE",
        f"{_BASE}METRIC_INSECURE",
    }
)
_NEAR = 0.88  # of the letters, so that the name of another signal or exporter is not near
_LONGEST_NAME = 64  # characters
_MAX_DIGITS = 18  # Python refuses to parse texts of more than 4,300
_SHARED = ("type", "protocol", "certificate", "client_certificate", "client_key", "insecure")
_FOR_EACH_SIGNAL = ("urls", "headers", "timeout", "compression")


def exporter_variable(signal: Signal) -> str:
    return f"OTEL_{signal.value.upper()}_EXPORTER"


def variables() -> Iterator[str]:
    """Every variable about exporters that we read, in the order of the standard."""
    yield from map(exporter_variable, Signal)
    for option in OPTIONS:
        yield _BASE + option
        yield from (_own(signal, option) for signal in Signal)


def _own(signal: Signal, option: str) -> str:
    return f"{_BASE}{signal.value.upper()}_{option}"


def unknown_variables(environ: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each variable whose name the standard does not know and that is near ours."""
    known = dict.fromkeys([*variables(), *LIMITS, *_OF_SDK, *_FOREIGN])
    strange = (name for name in environ if _is_standard(name) and name not in known)
    for name in islice(strange, MAX_PROBLEMS):
        near = get_close_matches(name.upper(), known, n=1, cutoff=_NEAR)
        if near and near[0] not in _FOREIGN:
            yield f"{name}: Unknown variable, ignored. Did you mean `{near[0]}`?"


def _is_standard(name: str) -> bool:
    return name.upper().startswith("OTEL_") and len(name) <= _LONGEST_NAME and name.isprintable()


def destinations(
    environ: Mapping[str, str], problems: list[str]
) -> tuple[DestinationSettings, ...]:
    """One destination, or two of the same name if the options of the signals differ. Adds to
    ``problems``. ``environ`` holds no empty values.
    """
    before = len(problems)
    each = [_destination(signal, environ, problems) for signal in Signal]
    found = [destination for destination in each if destination is not None]
    if not found and len(problems) == before:
        names = " and ".join(map(exporter_variable, Signal))
        problems.append(f"{names}: Both are none, so nothing would be delivered. Set one to otlp.")
    return _joined(found)


def _encoded_headers(value: object, info: ValidationInfo) -> dict[str, str]:
    """``key=value,…``, percent-encoded."""
    return sendable(read_pairs(read_text(value)), info)


class _SignalVariables(DestinationTable):
    """The variables of one signal as a table of the file, apart from the format of some values."""

    type: Annotated[str, fields.choice("otlp", "console", "none")] = "otlp"
    headers: Annotated[Mapping[str, str], BeforeValidator(_encoded_headers)] = {}
    timeout: Annotated[float, BeforeValidator(otlp.read_milliseconds)] = otlp.DEFAULT_TIMEOUT
    insecure: Annotated[bool, fields.choice("true", "false")] = False

    def destination(self) -> DestinationSettings:
        made = super().destination()
        insecure = self.insecure and not any(map(otlp.has_scheme, made.urls.values()))
        return made.model_copy(update={"insecure": insecure})


def _destination(
    signal: Signal, environ: Mapping[str, str], problems: list[str]
) -> DestinationSettings | None:
    """``None`` if the signal is switched off, or if there are problems."""
    used = {"type": exporter_variable(signal)}
    # A console has no options, and those of a signal that is off are not used.
    if environ.get(used["type"], "otlp").strip().lower() not in {"console", "none"}:
        used |= dict(_options(signal, environ))
    table = {key: environ[variable] for key, variable in used.items() if variable in environ}
    try:
        read = _SignalVariables.model_validate({**table, "name": _NAME, "signals": [signal.value]})
    except ValidationError as error:
        problems += sentences(error, {(key,): variable for key, variable in used.items()})
        return None
    return read.destination() if read.type != "none" else None


def _options(signal: Signal, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(key of the table, variable). The variable of the signal outranks the general one."""
    for option in OPTIONS:
        own = _own(signal, option)
        if own not in environ:
            yield option.lower(), _BASE + option
        elif option == "ENDPOINT":
            yield f"{signal.value}_endpoint", own
        else:
            yield option.lower(), own


def _joined(found: list[DestinationSettings]) -> tuple[DestinationSettings, ...]:
    """One destination, if the signals differ only in what a destination has for each signal."""
    # A lane is a destination and a signal, so the number of destinations changes no behaviour. But
    # one is what the operator wrote, and `fuse-otel config` prints it as one table.
    if len(found) < len(Signal):
        return tuple(found)
    traces, logs = map(dict, found)
    if any(traces[key] != logs[key] for key in _SHARED):
        return tuple(found)
    both = {key: {**traces[key], **logs[key]} for key in _FOR_EACH_SIGNAL}
    return (DestinationSettings.model_validate({**traces, "signals": tuple(Signal), **both}),)


def unreadable_files(environ: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each file that the SDK could not read for the daemon's own traces. Where the
    variables define no destination, nothing else has checked it.
    """
    for option in _FILES:
        for name in (_BASE + option, _own(Signal.TRACES, option)):
            if name in environ:
                try:
                    fields.readable(environ[name].strip())
                except ValueError as error:
                    yield f"{name}: {error}"


def traces_protocol(environ: Mapping[str, str]) -> tuple[str, str]:
    """The protocol for the daemon's own traces, and the variable that sets it, empty if none does.
    ``environ`` holds no empty values.
    """
    for name in (_own(Signal.TRACES, "PROTOCOL"), f"{_BASE}PROTOCOL"):
        if name in environ:
            is_grpc = environ[name].strip().lower() == otlp.GRPC
            return otlp.GRPC if is_grpc else otlp.HTTP, name
    return otlp.HTTP, ""


def limits(environ: Mapping[str, str], problems: list[str]) -> Limits:
    """The limits of the variables, where they are tighter than those of the data model. The
    variable of a signal outranks the general one. Adds to ``problems``. ``environ`` holds no empty
    values.
    """
    given = {name: _limit(name, environ[name], problems) for name in LIMITS if name in environ}

    def most(of: str, model: Most) -> Most:
        return Most(
            min(_first(given, of, "ATTRIBUTE_COUNT_LIMIT", model.attributes), model.attributes),
            min(_first(given, of, "ATTRIBUTE_VALUE_LENGTH_LIMIT", model.length), model.length),
        )

    return Limits(
        span=most("SPAN", MODEL.span),
        record=most("LOGRECORD", MODEL.record),
        links=min(given.get("OTEL_SPAN_LINK_COUNT_LIMIT", MODEL.links), MODEL.links),
    )


def _first(given: Mapping[str, int], of: str, what: str, model: int) -> int:
    return given.get(f"OTEL_{of}_{what}", given.get(f"OTEL_{what}", model))


def _limit(name: str, text: str, problems: list[str]) -> int:
    digits = text.strip()
    if digits.isascii() and digits.isdecimal() and len(digits) <= _MAX_DIGITS:
        return int(digits)
    problems.append(f"{name}: {quoted(text)} is not a number. Use 0 or more.")
    return 0
