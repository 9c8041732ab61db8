"""OpenTelemetry's own variables: they define the destination ``default`` and limit attributes.

https://opentelemetry.io/docs/specs/otel/protocol/exporter/ and
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#attribute-limits
with three deviations: compression is gzip by default, a limit can only tighten what the data model
allows, and a value that the standard would ignore with a warning is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from fuse_otel.config.destination import Destination
from fuse_otel.config.values import fields, otlp
from fuse_otel.config.values.quantities import quoted
from fuse_otel.core.limits import MODEL, Limits, Most
from fuse_otel.core.telemetry import Signal

_Value = TypeVar("_Value")
_NAME = "default"
_NO_HEADERS: dict[str, str] = {}
_BASE = "OTEL_EXPORTER_OTLP_"
_EXPORTERS = ("otlp", "console", "none")
OPTIONS = (
    "ENDPOINT", "HEADERS", "TIMEOUT", "COMPRESSION", "PROTOCOL", "INSECURE",
    "CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY",
)  # fmt: skip
LIMITS = (
    "OTEL_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_SPAN_LINK_COUNT_LIMIT",
    "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
)
_MOST_DIGITS = 18
_COMPRESSION = {"gzip": "gzip", "none": "none"}
_BOOLEAN = {"true": True, "false": False}


def exporter_variable(signal: Signal) -> str:
    return f"OTEL_{signal.value.upper()}_EXPORTER"


def variables() -> Iterator[str]:
    """Every variable that is understood."""
    yield from map(exporter_variable, Signal)
    for option in OPTIONS:
        yield _BASE + option
        yield from (_own(signal, option) for signal in Signal)


def _own(signal: Signal, option: str) -> str:
    return f"{_BASE}{signal.value.upper()}_{option}"


def defaults_of(environ: Mapping[str, str], problems: list[str]) -> tuple[Destination, ...]:
    """One destination, or two of the same name where the signals do not go the same way. Adds to
    ``problems`` what is wrong. ``environ`` holds no empty values.
    """
    reading = _Reading(environ, problems)
    before = len(problems)
    ways = {signal: reading.way(signal) for signal in Signal}
    if len(problems) > before:
        return ()
    there = {signal: way for signal, way in ways.items() if way is not None}
    if not there:
        names = " and ".join(map(exporter_variable, Signal))
        problems.append(f"{names}: Both are none, so nothing would be delivered: give one otlp.")
    return tuple(_joined(there))


def traces_protocol(environ: Mapping[str, str]) -> tuple[str, str]:
    """What the SDK shall speak for the daemon's own traces, and the variable that says so, if any.
    ``environ`` holds no empty values.
    """
    for name in (_own(Signal.TRACES, "PROTOCOL"), f"{_BASE}PROTOCOL"):
        if name in environ:
            is_grpc = environ[name].strip().lower() == otlp.GRPC
            return otlp.GRPC if is_grpc else otlp.HTTP, name
    return otlp.HTTP, ""


_Way = Mapping[str, object]
_SHARED = ("type", "protocol", "certificate", "client_certificate", "client_key", "insecure")


def _joined(ways: Mapping[Signal, _Way]) -> Iterator[Destination]:
    """A destination for all signals that agree in what is said once a destination."""
    left = list(ways)
    while left:
        first = ways[left[0]]
        same = [s for s in left if all(ways[s].get(key) == first.get(key) for key in _SHARED)]
        left = [signal for signal in left if signal not in same]
        each = {
            key: {signal: ways[signal][key] for signal in same}
            for key in ("urls", "headers", "timeout", "compression")
            if key in first
        }
        shared = {key: first[key] for key in _SHARED if key in first}
        yield Destination.model_validate({"name": _NAME, "signals": same, **shared, **each})


class _Reading:
    def __init__(self, environ: Mapping[str, str], problems: list[str]) -> None:
        self._environ = environ
        self._problems = problems

    def way(self, signal: Signal) -> _Way | None:
        """How a signal's requests go; ``None`` if it is switched off."""
        exporter = self._read(exporter_variable(signal), _exporter, "otlp")
        if exporter != "otlp":
            return None if exporter == "none" else {"type": exporter}
        protocol = self._option(signal, "PROTOCOL", otlp.read_protocol, otlp.HTTP)
        url = self._url(signal, protocol)
        insecure = self._option(signal, "INSECURE", _boolean, default=False)
        return {
            "type": "otlp",
            "protocol": protocol,
            "urls": url,
            "headers": self._headers(signal, protocol),
            "timeout": self._option(
                signal, "TIMEOUT", otlp.read_milliseconds, otlp.DEFAULT_TIMEOUT
            ),
            "compression": self._option(signal, "COMPRESSION", _compression, "gzip"),
            "insecure": insecure and not otlp.has_scheme(url),
            **self._certificates(signal),
        }

    def _url(self, signal: Signal, protocol: str) -> str:
        if protocol == otlp.GRPC:
            default = otlp.DEFAULT_ENDPOINTS[otlp.GRPC]
            return self._option(signal, "ENDPOINT", otlp.grpc_target, default)
        own = _own(signal, "ENDPOINT")
        if own in self._environ:
            return self._read(own, otlp.exact_url, "")
        url = otlp.signal_url(otlp.DEFAULT_ENDPOINTS[otlp.HTTP], signal)
        return self._read(f"{_BASE}ENDPOINT", lambda base: otlp.signal_url(base, signal), url)

    def _headers(self, signal: Signal, protocol: str) -> dict[str, str]:
        def read(text: str) -> dict[str, str]:
            headers = otlp.read_encoded_headers(text)
            return otlp.check_metadata(headers) if protocol == otlp.GRPC else headers

        return self._option(signal, "HEADERS", read, _NO_HEADERS)

    def _certificates(self, signal: Signal) -> dict[str, str | None]:
        paths: dict[str, str | None] = {
            option.lower(): self._option(signal, option, fields.readable, None)
            for option in ("CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY")
        }
        try:
            fields.check_client_pair(paths["client_certificate"], paths["client_key"])
        except ValueError as error:
            self._note(self._said(signal, "CLIENT_KEY"), error)
        return paths

    def _said(self, signal: Signal, option: str) -> str:
        own = _own(signal, option)
        return own if own in self._environ else _BASE + option

    def _option(
        self, signal: Signal, option: str, read: Callable[[str], _Value], default: _Value
    ) -> _Value:
        return self._read(self._said(signal, option), read, default)

    def _read(self, name: str, read: Callable[[str], _Value], default: _Value) -> _Value:
        if name not in self._environ:
            return default
        try:
            return read(self._environ[name])
        except ValueError as error:
            self._note(name, error)
            return default

    def _note(self, name: str, error: ValueError) -> None:
        # What is said once for both signals is wrong once.
        problem = f"{name}: {error}"
        if problem not in self._problems:
            self._problems.append(problem)


def _exporter(value: str) -> str:
    word = value.strip().lower()
    if word not in _EXPORTERS:
        raise ValueError(f"{quoted(value)} is not supported: give otlp, console or none.")
    return word


def _compression(value: str) -> str:
    word = _COMPRESSION.get(value.strip().lower())
    if word is None:
        raise ValueError(f"{quoted(value)} is not supported: give gzip or none.")
    return word


def _boolean(value: str) -> bool:
    word = value.strip().lower()
    if word not in _BOOLEAN:
        raise ValueError(f"{quoted(value)} is not known: give true or false.")
    return _BOOLEAN[word]


def limits_of(environ: Mapping[str, str], problems: list[str]) -> Limits:
    """The tighter one of the model's and the standard's; a signal's own variable outranks the
    general one. Adds to ``problems`` what is wrong. ``environ`` holds no empty values.
    """
    said = {name: _limit(name, environ[name], problems) for name in LIMITS if name in environ}

    def most(of: str, model: Most) -> Most:
        return Most(
            min(_first(said, of, "ATTRIBUTE_COUNT_LIMIT", model.attributes), model.attributes),
            min(_first(said, of, "ATTRIBUTE_VALUE_LENGTH_LIMIT", model.length), model.length),
        )

    return Limits(
        span=most("SPAN", MODEL.span),
        record=most("LOGRECORD", MODEL.record),
        links=min(said.get("OTEL_SPAN_LINK_COUNT_LIMIT", MODEL.links), MODEL.links),
    )


def _first(said: Mapping[str, int], of: str, what: str, model: int) -> int:
    return said.get(f"OTEL_{of}_{what}", said.get(f"OTEL_{what}", model))


def _limit(name: str, text: str, problems: list[str]) -> int:
    digits = text.strip()
    if digits.isascii() and digits.isdecimal() and len(digits) <= _MOST_DIGITS:
        return int(digits)
    problems.append(f"{name}: {quoted(text)} is no number: give 0 or more.")
    return 0
