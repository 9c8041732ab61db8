"""The part of TraceQL that the tests use: the conditions that one span has to meet together."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from support.peers.expected import attributes

_QUERY = re.compile(r"\s*\{(.*)\}\s*", re.DOTALL)
_CONDITION = re.compile(r'([\w.]+)\s*(=~|=|>)\s*("[^"]*"|\w+)')
_KINDS = {"server": Span.SPAN_KIND_SERVER, "client": Span.SPAN_KIND_CLIENT}

Condition = Callable[[Span, Mapping[str, object]], bool]


def spanset(query: str) -> Condition:
    """Whether a span of a resource meets the query.

    Raises ``ValueError`` for a query outside of this part of TraceQL.
    """
    found = _QUERY.fullmatch(query)
    if found is None:
        raise ValueError(f"no set of spans: {query}")
    conditions = [_condition(each.strip()) for each in found[1].split("&&") if each.strip()]
    return lambda span, resource: all(each(span, resource) for each in conditions)


def _condition(text: str) -> Condition:
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise ValueError(f"a condition that this fake does not know: {text}")
    field, operator, word = found.groups()
    value = word.strip('"')
    if field == "duration" and operator == ">" and re.fullmatch(r"\d+s", value):
        nanoseconds = int(value[:-1]) * 10**9
        return lambda span, _: span.end_time_unix_nano - span.start_time_unix_nano > nanoseconds
    if (field, operator, value) == ("status", "=", "error"):
        return lambda span, _: span.status.code == span.status.STATUS_CODE_ERROR
    if field == "kind" and operator == "=":
        kind = _KINDS[value]
        return lambda span, _: span.kind == kind
    if operator == ">":
        raise ValueError(f"a comparison that this fake does not know: {text}")
    return _named(field, value if operator == "=~" else re.escape(value))


def _named(field: str, pattern: str) -> Condition:
    scope, _, name = field.partition(".")
    if field == "name":
        return lambda span, _: re.fullmatch(pattern, span.name) is not None
    if scope == "resource":
        return lambda _, resource: _matches(pattern, resource.get(name))
    if scope == "span":
        return lambda span, _: _matches(pattern, attributes(span.attributes).get(name))
    raise ValueError(f"a field that this fake does not know: {field}")


def _matches(pattern: str, value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None
