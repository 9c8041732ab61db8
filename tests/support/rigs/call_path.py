"""Any bytes through all that a call passes: decode, pseudonymise, transform, encode, and read back
by protobuf's runtime and by our own reader. What must hold for every input is checked on the way.
"""

from collections.abc import Iterator, Sequence
from zlib import crc32

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from fuse_otel.cli.terminal.call_tree import draw
from fuse_otel.core.decoding.answers import (
    NotUnderstood,
    decode_call,
    decode_calls,
    decode_error,
    decode_logs,
)
from fuse_otel.core.decoding.saved_calls import SavedCall, decode_saved
from fuse_otel.core.encoding.otlp_json import dumps, logs_json, traces_json
from fuse_otel.core.encoding.renderer import RenderedCall, Renderer
from fuse_otel.core.model.call import MISSING_LOG, CallLog, CallRecord, log_completeness
from fuse_otel.core.model.lane import Rendering
from fuse_otel.core.model.limits import MAX_CALL, MODEL, Most
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.redaction_policy import (
    STRICT,
    KeyRule,
    Mode,
    OwnRules,
    PatternRule,
    Redaction,
    TextPart,
    TextRule,
)
from fuse_otel.core.model.telemetry import Profile, Signal
from fuse_otel.core.redaction.lines import MAX_BODY
from fuse_otel.core.redaction.pseudonym import pseudonymise
from fuse_otel.views.call_tree import call_trees
from support.builders.call_values import KEY, make_record
from support.pages.semconv_registry import place, registered, words

_OWN = OwnRules(
    allow=(KeyRule("queue"), KeyRule("headers", frozenset({"rest"}))),
    drop=(KeyRule("body"),),
    patterns=(PatternRule("[0-9]{7}", "claim"),),
    texts=tuple(map(TextRule, TextPart)),
)
_OPTIONS = ModelOptions(
    environment="test", pseudonym_key=KEY, service_names={"8005550111": "eight"}
)


def _renderer(redaction: Redaction) -> Renderer:
    renderings = [
        Rendering(f"{signal}/{profile}", signal, profile, (), redaction)
        for signal in Signal
        for profile in (Profile.GENERIC, Profile.LOKI)
        if signal is Signal.LOGS or profile is Profile.GENERIC
    ]
    return Renderer(_OPTIONS, renderings)


RENDERERS = tuple(map(_renderer, (STRICT, *(Redaction(mode, _OWN) for mode in Mode))))
"""One a redaction."""

_MANY = 2000  # entries; twice that is only slower
_KINDS = {"string_value": "string", "int_value": "int", "bool_value": "bool"}


def whole_path(data: bytes, renderers: Sequence[Renderer] = ()) -> int:
    """Every endpoint's decoder on the bytes, every call that comes out of it on its way, under each
    redaction of ``renderers``, or under one of them all that depends on the data. Returns how many
    calls there were. Raises what must not happen.
    """
    decode_error(data).encode()
    renderers = renderers or (RENDERERS[crc32(data) % len(RENDERERS)],)
    calls = 0
    for record, log in _calls(data):
        calls += 1
        for renderer in renderers:
            follow(record, log, renderer)
    return calls


def _calls(data: bytes) -> Iterator[tuple[CallRecord, CallLog]]:
    """The calls of all decoders; a bare list of entries is the same for two of them."""
    read: list[CallLog] = []
    for decoder in (_one_call, _listed, _in_bulk, _saved):
        try:
            found = decoder(data)
        except NotUnderstood:
            continue
        for record, log in found:
            if log is MISSING_LOG or log not in read:
                read.append(log)
                yield record or make_record(), log


def _one_call(data: bytes) -> list[SavedCall]:
    return [(None, decode_call(data)[0])]


def _listed(data: bytes) -> list[SavedCall]:
    return [(record, MISSING_LOG) for record in decode_calls(data).calls]


def _in_bulk(data: bytes) -> list[SavedCall]:
    logs = decode_logs(data).logs
    return [(make_record(session_id=name), log) for name, log in logs.items()]


def _saved(data: bytes) -> list[SavedCall]:
    return decode_saved(data)


def follow(record: CallRecord, log: CallLog, renderer: Renderer) -> None:
    """A call on its way, sent at once and as growth."""
    call = pseudonymise(record, KEY)
    details = log_completeness(call, log)
    whole = renderer.render(call, log, details)
    check(whole, renderer)
    if log.count < _MANY:
        check(renderer.render(call, log, details, log.count // 2), renderer)
    for tree in call_trees(traces_json(whole.traces), logs_json(whole.logs)):
        draw(tree, records=True).encode()


def check(call: RenderedCall, renderer: Renderer) -> None:
    """What holds for every rendered call, read by protobuf's runtime and by our own reader."""
    for rendering in renderer.renderings:
        data, count = call.parts.get(rendering.id, (b"", 0))
        assert len(data) <= MAX_CALL
        free = not rendering.redaction.plain
        if rendering.signal is Signal.LOGS:
            _records(ExportLogsServiceRequest.FromString(data), count, free=free)
            dumps(logs_json(data)).encode()
        else:
            _spans(ExportTraceServiceRequest.FromString(data), count, free=free)
            dumps(traces_json(data)).encode()


def _spans(traces: ExportTraceServiceRequest, count: int, *, free: bool) -> None:
    spans = [
        span
        for group in traces.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]
    assert len(spans) == len({span.span_id for span in spans}) == count
    for span in spans:
        assert 0 <= span.start_time_unix_nano <= span.end_time_unix_nano < 2**63
        where = "execution" if span.parent_span_id else "call"
        _attributes(span.attributes, where, MODEL.span, free=free)
        assert len(span.links) <= MODEL.links


def _records(logs: ExportLogsServiceRequest, count: int, *, free: bool) -> None:
    records = [
        record
        for group in logs.resource_logs
        for scope in group.scope_logs
        for record in scope.log_records
    ]
    assert len(records) == count
    times = [record.time_unix_nano for record in records]
    assert times == sorted(times)
    for record in records:
        assert len(record.body.string_value.encode()) <= MAX_BODY
        _attributes(record.attributes, "record", MODEL.record, free=free)


def _attributes(pairs: object, where: str, most: Most, *, free: bool) -> None:
    """Of the registry, where it says and of the type it says, and within their limits. ``free``:
    what the model has no name for may leave.
    """
    assert len(pairs) <= most.attributes
    for pair in pairs:
        kind = pair.value.WhichOneof("value")
        value = getattr(pair.value, kind)
        assert not isinstance(value, str) or len(value) <= most.length
        name = registered(pair.key)
        assert name in place(where), (pair.key, where)
        if words()[name].type == "any":
            assert free, pair.key
            continue
        assert _KINDS[kind] == words()[name].type, pair.key
        assert value != "" or pair.key == "session.id"
