"""Writes the spans of a call: the fixed bytes of an execution, joined with its times and ids."""

from __future__ import annotations

from functools import lru_cache
from struct import Struct
from typing import NamedTuple

from fuse_otel.core.encoding.protobuf import (
    MAX_FIXED64,
    AttributeWriter,
    length,
    message,
    number_field,
    string,
)
from fuse_otel.core.model import semconv
from fuse_otel.core.model.telemetry import Link, Span, SpanKind, Value
from fuse_otel.core.translation.compiled_runs import CompiledRun
from fuse_otel.core.translation.module_span import input_wait
from fuse_otel.core.translation.translate import TranslatedCall

_SPAN = b"\x12"
_FIXED64 = Struct("<Q")
_KIND_AND_TIMES = Struct("<BBBQBQ")
# Field 16, fixed32: sampled; the parent is known not to be remote.
_FLAGS = b"\x85\x01" + Struct("<I").pack(0x101)
# Field 6, fixed32: the linked span is known to be remote.
_LINK_FLAGS = b"\x35" + Struct("<I").pack(0x300)
_ERROR_CODE = b"\x18\x02"
_write = AttributeWriter(b"\x4a")
_BEHIND_WAIT = {semconv.SERVICE_PEER_NAME, semconv.PEER_SERVICE}
_BEHIND_MARKS = {semconv.LINE_FINGERPRINT, semconv.ERROR_TYPE}


WrittenSpan = tuple[bool, bytes]
"""Whether it is the root or has an error, and the bytes of a repeated field 2 of a
``ScopeSpans``.
"""


class SpanTemplate(NamedTuple):
    """The bytes of a span that are the same for all calls, in their order. Between ``name`` and
    ``module`` kind, times and session id are written; behind ``module`` the numbers of execution
    and visit, behind ``facts`` the time to the answer, behind ``peer`` the marks. ``size`` is that
    of all of them.
    """

    kind: SpanKind
    name: bytes
    module: bytes
    facts: bytes
    peer: bytes
    error: bytes
    end: bytes
    size: int


def write_root(call: TranslatedCall) -> list[WrittenSpan]:
    if call.root is None:
        return []
    trace_id = message(b"\n", call.ids.trace_id)
    return [(True, _span(trace_id, call.root))]


def write_runs(call: TranslatedCall) -> list[WrittenSpan]:
    """In the order of the executions."""
    if not call.runs:
        return []
    write = _RunWriter(call)
    return [(run.span.error, write(number, run)) for number, run in call.runs.items()]


class _RunWriter:
    def __init__(self, call: TranslatedCall) -> None:
        self._call = call
        self._trace_id = message(b"\n", call.ids.trace_id)
        self._before_id = self._trace_id + b"\x12\x08"
        self._parent = b"\x22\x08" + call.ids.span_id(0).to_bytes(8, "big")
        self._session = _write({semconv.SESSION_ID: call.timeline.session_id})
        self._late = _mark(semconv.LATE) if call.late else b""
        self._size = len(self._before_id) + 8 + len(self._parent) + len(self._session)
        self._size += len(self._late)

    def __call__(self, number: int, compiled: CompiledRun) -> bytes:
        if not compiled.kept:
            return _span(self._trace_id, compiled.span)
        template = compiled.template
        if template is None:
            compiled.template = template = _template(compiled.span)
        timeline, attempts = self._call.timeline, compiled.attempts
        run = timeline.executions[number]
        wait = None if attempts.answer is None else input_wait(timeline, run, attempts)
        own = (
            _kind_and_times(template.kind, run.start, run.span_end),
            _number(semconv.MODULE_ORDINAL, run.ordinal),
            _number(semconv.MODULE_VISIT, run.visit),
            b"" if wait is None else _number(semconv.INPUT_WAIT, wait),
            _mark(semconv.TIME_INFERRED) if run.inferred else b"",
        )
        times, ordinal, visit, waited, inferred = own
        size = template.size + self._size + sum(map(len, own))
        return b"".join(
            (
                _SPAN,
                length(size),
                self._before_id,
                self._call.ids.span_id(run.ordinal).to_bytes(8, "big"),
                self._parent,
                template.name,
                times,
                self._session,
                template.module,
                ordinal,
                visit,
                template.facts,
                waited,
                template.peer,
                inferred,
                self._late,
                template.error,
                template.end,
            )
        )


def _template(span: Span) -> SpanTemplate:
    module: dict[str, Value] = {}
    facts: dict[str, Value] = {}
    peer: dict[str, Value] = {}
    error: dict[str, Value] = {}
    for name, value in span.attributes.items():
        if name in {semconv.MODULE_TYPE, semconv.MODULE_NAME}:
            module[name] = value
        elif name in _BEHIND_WAIT:
            peer[name] = value
        elif name in _BEHIND_MARKS:
            error[name] = value
        else:
            facts[name] = value
    fixed = (
        string(b"\x2a", span.name),
        _write(module),
        _write(facts),
        _write(peer),
        _write(error),
        (_status(span.message) if span.error else b"") + _FLAGS,
    )
    return SpanTemplate(span.kind, *fixed, sum(map(len, fixed)))


@lru_cache(maxsize=1024)
def _number(name: str, number: int) -> bytes:
    return _write({name: number})


@lru_cache(maxsize=8)
def _mark(name: str) -> bytes:
    return _write({name: True})


def _span(trace_id: bytes, span: Span) -> bytes:
    span_id, parent_id = span.span_id, span.parent_id
    parts = (
        trace_id,
        b"\x12\x08" + span_id.to_bytes(8, "big") if span_id else b"",
        b"\x22\x08" + parent_id.to_bytes(8, "big") if parent_id else b"",
        string(b"\x2a", span.name),
        _kind_and_times(span.kind, span.start, span.end),
        _write(span.attributes),
        b"".join(map(_link, span.links)) if span.links else b"",
        _status(span.message) if span.error else b"",
        _FLAGS,
    )
    return message(_SPAN, b"".join(parts))


def _kind_and_times(kind: SpanKind, start: int, end: int) -> bytes:
    if 0 < start <= MAX_FIXED64 and 0 < end <= MAX_FIXED64:
        return _KIND_AND_TIMES.pack(0x30, kind, 0x39, start, 0x41, end)
    return number_field(b"\x30", kind) + _fixed64(b"\x39", start) + _fixed64(b"\x41", end)


def _fixed64(tag: bytes, number: int) -> bytes:
    clipped = min(max(number, 0), MAX_FIXED64)
    return tag + _FIXED64.pack(clipped) if clipped else b""


def _link(link: Link) -> bytes:
    ids = message(b"\n", link.trace_id) + message(b"\x12", link.span_id)
    return message(b"\x6a", ids + _LINK_FLAGS)


def _status(text: str) -> bytes:
    return message(b"\x7a", string(b"\x12", text) + _ERROR_CODE)
