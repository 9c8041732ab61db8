"""OpenTelemetry's variables that limit attributes and links.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#attribute-limits
They limit calls as they would limit an SDK, and can only tighten what the data model allows. What
the standard would ignore with a warning is an error here.
"""

from __future__ import annotations

from collections.abc import Mapping

from fuse_otel.config.quantities import quoted
from fuse_otel.core.limits import MODEL, Limits, Most

VARIABLES = (
    "OTEL_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_SPAN_LINK_COUNT_LIMIT",
    "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
)
_MOST_DIGITS = 18


def limits_of(environ: Mapping[str, str], problems: list[str]) -> Limits:
    """The tighter one of the model's and the standard's; a signal's own variable outranks the
    general one. Adds to ``problems`` what is wrong. ``environ`` holds no empty values.
    """
    said = {name: _count(name, environ[name], problems) for name in VARIABLES if name in environ}

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


def _count(name: str, text: str, problems: list[str]) -> int:
    digits = text.strip()
    if digits.isascii() and digits.isdecimal() and len(digits) <= _MOST_DIGITS:
        return int(digits)
    problems.append(f"{name}: {quoted(text)} is no number: give 0 or more.")
    return 0
