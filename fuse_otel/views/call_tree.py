"""A call as a tree: the call, its executions, their records. It is read from OTLP/JSON, so the
terminal and the pages show what the back ends received.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field

from fuse_otel.views.otlp_reader import (
    Node,
    PlainAttributes,
    PlainValue,
    integer,
    node,
    nodes,
    plain_attributes,
    plain_value,
    text,
)

_ERROR_CODES = (2, "2", "STATUS_CODE_ERROR")


class TreeRecord(Struct, frozen=True):
    """A log record. ``time`` is UNIX nanoseconds."""

    time: int
    severity_number: int
    severity_text: str
    body: str
    attributes: PlainAttributes


class TreeExecution(Struct, frozen=True):
    """A span below the root. ``kind`` is OTLP's SpanKind; times are UNIX nanoseconds."""

    name: str
    kind: int
    start: int
    end: int
    error: bool
    attributes: PlainAttributes
    records: tuple[TreeRecord, ...]


class CallTree(Struct, frozen=True):
    """A call. Times are UNIX nanoseconds, 0 where nothing is known.

    A call without a root span (growth that was sent later, a file of logs alone) is named ``call``
    and lasts from its first time to its last. ``records`` are those without an execution.
    """

    trace_id: str
    session_id: str
    name: str
    start: int
    end: int
    error: bool
    attributes: PlainAttributes
    resource: PlainAttributes
    executions: tuple[TreeExecution, ...]
    records: tuple[TreeRecord, ...] = ()


def call_trees(traces: Mapping[str, object], logs: Mapping[str, object]) -> list[CallTree]:
    """The calls of two export requests (either may be empty), in the order they appear.

    Copies count once: after a crash a file may contain a request twice. Spans are recognised by
    their id, records by ``log.record.uid``.
    """
    found: dict[str, _Found] = {}
    for resource, span in _members(traces, "Spans", "spans"):
        call = found.setdefault(text(span, "traceId"), _Found())
        call.resource = call.resource or resource
        call.spans.setdefault(text(span, "spanId"), span)
    for resource, record in _members(logs, "Logs", "logRecords"):
        call = found.setdefault(text(record, "traceId"), _Found())
        call.resource = call.resource or resource
        call.add(record)
    return [_tree(trace_id, call) for trace_id, call in found.items()]


def _members(request: Node, plural: str, name: str) -> Iterator[tuple[Node, Node]]:
    """Spans or log records, each with its resource."""
    for group in nodes(request, f"resource{plural}"):
        for scoped in nodes(group, f"scope{plural}"):
            for member in nodes(scoped, name):
                yield node(group, "resource"), member


class _Found(Struct):
    """The parts of one call: spans by their id, records by the id of their span."""

    resource: Node = field(default_factory=dict)
    spans: dict[str, Node] = field(default_factory=dict)
    records: dict[str, list[TreeRecord]] = field(default_factory=dict)
    uids: set[PlainValue] = field(default_factory=set)

    def add(self, record: Node) -> None:
        made = _record(record)
        uid = made.attributes.get("log.record.uid")
        if isinstance(uid, str):
            # The environment's limit may have cut it; two records at one time are rare.
            uid = f"{uid} {made.time}"
            if uid in self.uids:
                return
            self.uids.add(uid)
        self.records.setdefault(text(record, "spanId"), []).append(made)


def _record(record: Node) -> TreeRecord:
    body = plain_value(node(record, "body"))
    return TreeRecord(
        time=integer(record.get("timeUnixNano")),
        severity_number=integer(record.get("severityNumber")),
        severity_text=text(record, "severityText"),
        body=body if isinstance(body, str) else "",
        attributes=plain_attributes(record),
    )


def _tree(trace_id: str, call: _Found) -> CallTree:
    roots = (key for key, span in call.spans.items() if not text(span, "parentSpanId"))
    root_id = next(roots, None)
    root = {} if root_id is None else call.spans[root_id]
    executions = _executions(call, root_id)
    records = _in_order(
        record
        for span_id, records in call.records.items()
        if span_id == root_id or span_id not in call.spans
        for record in records
    )
    start, end = _envelope(root, executions, records)
    attributes = plain_attributes(root)
    below = (*(each.attributes for each in executions), *(each.attributes for each in records))
    return CallTree(
        trace_id=trace_id,
        session_id=_session_id((attributes, *below)),
        name=text(root, "name") or "call",
        start=start,
        end=end,
        error=_is_error(root),
        attributes=attributes,
        resource=plain_attributes(call.resource),
        executions=executions,
        records=records,
    )


def _executions(call: _Found, root_id: str | None) -> tuple[TreeExecution, ...]:
    made = [
        TreeExecution(
            name=text(span, "name"),
            kind=integer(span.get("kind")),
            start=integer(span.get("startTimeUnixNano")),
            end=integer(span.get("endTimeUnixNano")),
            error=_is_error(span),
            attributes=plain_attributes(span),
            records=_in_order(call.records.get(span_id, ())),
        )
        for span_id, span in call.spans.items()
        if span_id != root_id
    ]
    return tuple(sorted(made, key=lambda execution: execution.start))


def _in_order(records: Iterable[TreeRecord]) -> tuple[TreeRecord, ...]:
    return tuple(sorted(records, key=lambda record: record.time))


def _envelope(
    root: Node, executions: Iterable[TreeExecution], records: Iterable[TreeRecord]
) -> tuple[int, int]:
    if root:
        return integer(root.get("startTimeUnixNano")), integer(root.get("endTimeUnixNano"))
    times = [moment for each in executions for moment in (each.start, each.end)]
    times += [record.time for record in records]
    return min(times, default=0), max(times, default=0)


def _session_id(attributes: Iterable[PlainAttributes]) -> str:
    found = (each.get("session.id") for each in attributes)
    return next((value for value in found if isinstance(value, str)), "")


def _is_error(span: Node) -> bool:
    return node(span, "status").get("code") in _ERROR_CODES
