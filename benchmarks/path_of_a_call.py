"""What the path of a call costs, and what its spans cost through the SDK instead.

    python -m benchmarks.path_of_a_call

Read the ratio; the seconds of two runs cannot be compared, machines are noisy.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import msgspec
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from support.oracle.telemetry import Telemetry
from support.oracle.translate import transform

from benchmarks.long_runs import Cost
from fuse_otel.core.batching.batch import cut
from fuse_otel.core.batching.gzip_member import deflate
from fuse_otel.core.decoding.answers import decode_call
from fuse_otel.core.encoding.renderer import Renderer, traces_message
from fuse_otel.core.encoding.span_writer import write_root, write_runs
from fuse_otel.core.model.call import CallLog, CallRecord, ListedCall, log_completeness
from fuse_otel.core.model.lane import Lane, Rendering
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.telemetry import Profile, Signal
from fuse_otel.core.redaction.compiled_entries import CompiledEntries, EntryTables
from fuse_otel.core.redaction.pseudonym import pseudonymise
from fuse_otel.core.translation.translate import TranslatedCall, translate
from fuse_otel.simulator.world import World

CALLS = 400
START = 1_700_000_000
ROUNDS = 5
_UNTIL_WARM = 3  # times: an entry is kept at second sight, and then its execution is
Known = tuple[ListedCall, CallLog]


def simulated() -> list[tuple[CallRecord, bytes]]:
    world = World(seed=1, rate=1.0, past=CALLS, start=START)
    return [
        (
            CallRecord(c.session_id, c.start, c.end, c.src, c.dest, c.type, c.log),
            msgspec.json.encode(world.entries(c.session_id)),
        )
        for c in world.starting(START - CALLS, START)
    ]


def whole_path(calls: Sequence[tuple[CallRecord, bytes]]) -> None:
    """Decode, redact, transform, encode both signals, cut and compress."""
    renderings = [
        Rendering(signal, signal, Profile.GENERIC, (Lane("x", signal),)) for signal in Signal
    ]
    renderer = Renderer(ModelOptions(), renderings)
    rendered = []
    for record, answer in calls:
        call, (log, _) = pseudonymise(record, b"key"), decode_call(answer)
        rendered.append(renderer.render(call, log, log_completeness(call, log)))
    for rendering in renderings:
        cut(rendering, rendered)


def translated(known: Sequence[Known], compiled: CompiledEntries) -> list[TranslatedCall]:
    return [
        translate(call, log, log_completeness(call, log), ModelOptions(), compiled)
        for call, log in known
    ]


def our_spans(calls: Sequence[TranslatedCall]) -> None:
    """Written by the product's own writer, and compressed."""
    written = [traces_message(c.resource, [*write_root(c), *write_runs(c)]) for c in calls]
    deflate(b"".join(written))


def sdk_spans(telemetries: Sequence[Telemetry]) -> None:
    """The same spans started, ended, encoded and compressed as an SDK exporter does."""
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("benchmark")
    ended: list[ReadableSpan] = []
    for telemetry in telemetries:
        for each in telemetry.spans:
            span = tracer.start_span(
                each.name, attributes=dict(each.attributes), start_time=each.start
            )
            span.end(each.end)
            if isinstance(span, ReadableSpan):
                ended.append(span)
    deflate(encode_spans(ended).SerializeToString())


def sdk_cost(calls: Sequence[tuple[CallRecord, bytes]]) -> Cost:
    """Of the spans alone: no log records, no redaction, no delivery."""
    known = [(pseudonymise(r, b"key"), decode_call(body)[0]) for r, body in calls]
    made = [transform(c, log, log_completeness(c, log), ModelOptions()) for c, log in known]
    began = time.process_time()
    sdk_spans(made)
    spent = time.process_time() - began
    return Cost(spent, len(calls), sum(log.count for _, log in known))


def seconds(work: Callable[[], None]) -> float:
    """The best of a few rounds, in seconds of CPU."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best


def main() -> None:
    calls = simulated()
    known: list[Known] = [(pseudonymise(r, b"key"), decode_call(body)[0]) for r, body in calls]
    telemetries = [transform(c, log, log_completeness(c, log), ModelOptions()) for c, log in known]
    entries = sum(log.count for _, log in known)
    spans = sum(len(telemetry.spans) for telemetry in telemetries)
    whole = seconds(lambda: whole_path(calls))
    compiled = EntryTables().compiled()
    for _ in range(_UNTIL_WARM):
        ready = translated(known, compiled)
    ours, sdk = seconds(lambda: our_spans(ready)), seconds(lambda: sdk_spans(telemetries))
    print(f"{len(calls)} calls, {entries} entries, {spans} spans")
    print(f"decode to compressed bodies: {whole / entries * 1e6:.1f} µs an entry")
    print(f"spans to compressed bytes: ours {ours / spans * 1e6:.1f} µs a span,", end=" ")
    print(f"the SDK's {sdk / spans * 1e6:.1f} µs: {sdk / ours:.0f} times as much")


if __name__ == "__main__":
    main()
