"""A span as a back end shows it, beside the span that was meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData

from support.peers.expected import ExpectedCall, attributes

MICROSECOND = 1_000


class FoundSpan(NamedTuple):
    """Times are UNIX nanoseconds, cut to microseconds: that is all Jaeger keeps."""

    name: str
    parent: str
    kind: str
    start: int
    duration: int
    failed: bool
    message: str
    attributes: Mapping[str, object]
    resource: Mapping[str, object]
    links: tuple[str, ...]


def of_expected(call: ExpectedCall) -> dict[str, FoundSpan]:
    """By span id."""
    return {span.span_id.hex(): _of_span(span, call.resource) for span in call.spans}


def of_tempo(found: TracesData) -> dict[str, FoundSpan]:
    return _once(
        (span.span_id.hex(), _of_span(span, attributes(group.resource.attributes)))
        for group in found.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    )


def of_jaeger(found: Mapping[str, Any]) -> dict[str, FoundSpan]:
    """From the JSON behind Jaeger's page of a trace."""
    return _once(
        (span["spanID"], _of_jaeger_span(span, found["processes"][span["processID"]]))
        for span in found["spans"]
    )


def _once(spans: Iterable[tuple[str, FoundSpan]]) -> dict[str, FoundSpan]:
    listed = list(spans)
    assert len(dict(listed)) == len(listed), "a span is there twice"
    return dict(listed)


# What Jaeger says in tags of its own.
_KIND, _STATUS, _MESSAGE = "span.kind", "otel.status_code", "otel.status_description"
_OF_JAEGER = {
    _KIND, _STATUS, _MESSAGE, "error", "otel.scope.name", "otel.scope.version",
}  # fmt: skip


def _of_jaeger_span(span: Mapping[str, Any], process: Mapping[str, Any]) -> FoundSpan:
    tags = _tags(span["tags"])
    resource = {"service.name": process["serviceName"], **_tags(process["tags"])}
    parents = [ref for ref in span["references"] if ref["refType"] == "CHILD_OF"]
    links = [ref for ref in span["references"] if ref["refType"] == "FOLLOWS_FROM"]
    assert tags["otel.scope.name"] == "fuse_otel"
    return FoundSpan(
        name=span["operationName"],
        parent=parents[0]["spanID"] if parents else "",
        kind=str(tags.get(_KIND, "internal")),
        start=span["startTime"] * MICROSECOND,
        duration=span["duration"] * MICROSECOND,
        failed=tags.get(_STATUS) == "ERROR",
        message=str(tags.get(_MESSAGE, "")),
        attributes={key: value for key, value in tags.items() if key not in _OF_JAEGER},
        resource=resource,
        links=tuple(sorted(f"{ref['traceID']}-{ref['spanID']}" for ref in links)),
    )


def _tags(pairs: Iterable[Mapping[str, Any]]) -> dict[str, object]:
    return {pair["key"]: pair["value"] for pair in pairs}


def _of_span(span: Span, resource: Mapping[str, object]) -> FoundSpan:
    start = span.start_time_unix_nano // MICROSECOND
    end = span.end_time_unix_nano // MICROSECOND
    return FoundSpan(
        name=span.name,
        parent=span.parent_span_id.hex(),
        kind=Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
        start=start * MICROSECOND,
        duration=(end - start) * MICROSECOND,
        failed=span.status.code == span.status.STATUS_CODE_ERROR,
        message=span.status.message,
        attributes=attributes(span.attributes),
        resource=dict(resource),
        links=tuple(sorted(f"{link.trace_id.hex()}-{link.span_id.hex()}" for link in span.links)),
    )
