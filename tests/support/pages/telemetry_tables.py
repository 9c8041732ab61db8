"""The tables on the page of the data model, made from the code, the registry and the goldens."""

import json
from collections.abc import Iterable, Sequence

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.call import log_completeness
from fuse_otel.core.model.ids import CallIds
from fuse_otel.core.model.tally import ANOMALIES, REDACTIONS, TRUNCATIONS, Tally
from fuse_otel.core.redaction.lines import facts_of
from fuse_otel.core.translation.translate import SEVERITIES
from fuse_otel.events import ApiAnswered, CallsStored
from fuse_otel.instrumentation.log_line import LogLevel
from fuse_otel.instrumentation.log_messages import line_of
from fuse_otel.instrumentation.metric_family import MetricKind
from fuse_otel.instrumentation.metric_table import FAMILIES
from fuse_otel.instrumentation.metrics import Metrics
from fuse_otel.instrumentation.self_traces import SelfTraces
from support.builders.every_event import EVERY_EVENT, FAILED_EXPORT, NOW, OTHER_LINES
from support.builders.golden_calls import simulated
from support.builders.id_vectors import vectors
from support.builders.line_rows import ROWS
from support.pages.exposition import families
from support.pages.golden_files import all_members, values
from support.pages.semconv_registry import Word, groups, place, words
from support.pages.telemetry_fields import RECORD, SPAN, Rows

_GRACE = 60.0


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    ruled = [f"|{'---|' * len(head)}"]
    head_line, *lines = [f"| {' | '.join(line)} |" for line in (head, *rows)]
    return "\n".join([head_line, *ruled, *lines]) + "\n"


def id_table() -> str:
    rows = []
    for vector in vectors():
        rows += [
            ("namespace, session id", f"`{vector.namespace}`, `{vector.session_id}`".replace(
                "``,", "(none),")),
            ("hashed bytes", f"`{vector.hashed}`"),
            ("SHA-256", f"`{vector.digest}`"),
            ("trace id", f"`{vector.trace_id}`"),
            *((f"span id {n}", f"`{each}`") for n, each in enumerate(vector.span_ids)),
            ("`log.record.uid` of entry 0", f"`{vector.record_uid}`"),
        ]  # fmt: skip
    return table(("what", "value"), rows)


def attributes(where: str) -> str:
    rows = []
    for name, level in place(where).items():
        word = words()[name]
        rows.append(
            (_shown(word), word.type, _meaning(word, level), _example(word, where), word.stability,
             word.source)
        )  # fmt: skip
    return table(("attribute", "type", "meaning", "example", "stability", "from"), rows)


def _shown(word: Word) -> str:
    return f"`{word.name}.…`" if word.type == "any" else f"`{word.name}`"


def _meaning(word: Word, level: str | dict[str, str]) -> str:
    parts = [word.meaning]
    if word.values:
        told = "; ".join(
            f"`{value}` {text[0].lower()}{text[1:].rstrip('.')}"
            for value, text in word.values.items()
        )
        parts.append(f"{told[0].upper()}{told[1:]}.")
    if word.note:
        parts.append(word.note.strip())
    if isinstance(level, dict):
        parts.append(f"*Present {level['conditionally_required']}.*")
    elif level == "required":
        parts.append("*Always present.*")
    return " ".join(parts)


def _example(word: Word, where: str) -> str:
    """The registry's example if the files have it there, else what they have."""
    found = values(word.name, where)
    chosen = next((each for each in word.examples if each in found), next(iter(found), ""))
    return f"`{(chosen or word.examples[0]).replace('True', 'true').replace('False', 'false')}`"


def span_fields() -> str:
    return _fields(SPAN, "call", "execution")


def record_fields() -> str:
    return _fields(RECORD, "record")


def _fields(told: Rows, *places: str) -> str:
    wholes = [member.whole for member in all_members() if member.place in places]
    rows = []
    for name, meaning, source in told:
        example = next(whole[name] for whole in wholes if whole.get(name))
        shown = example if isinstance(example, str | int) else json.dumps(example)
        rows.append((f"`{name}`", meaning, f"`{shown}`", source))
    return table(("field", "meaning", "example", "from"), rows)


def severities() -> str:
    rows = [(f"`{name}`", str(number), text) for name, (number, text) in SEVERITIES.items()]
    rows.append(("any other", "9", "INFO"))
    return table(("class", "severity number", "severity text"), rows)


def events() -> str:
    rows = [
        (f"`{group['name']}`", group["brief"]) for group in groups().values()
        if group["type"] == "event"
    ]  # fmt: skip
    return table(("event", "meaning"), rows)


def lines() -> str:
    rows = []
    for line, _, _, error_type in ROWS:
        facts = facts_of(line, Tally())
        told = [f"`{key}`={value}" for key, value in facts.attributes.items()]
        if facts.application:
            told.append("`fuse.application.name`, `fuse.application.version`")
        if error_type:
            told.append(f"`error.type`={error_type}")
        rows.append((f"`{line}`", f"`{facts.body}`", ", ".join(told) or "-"))
    return table(("line", "body of the log record", "attributes"), rows)


def metrics() -> str:
    examples = _examples()
    rows = [
        (f"`{each.name}`", each.kind.value, ", ".join(each.labels) or "-", each.help,
         examples.get(each.base_name, "-"))
        for each in FAMILIES
    ]  # fmt: skip
    return table(("metric", "type", "labels", "meaning", "example"), rows)


def _examples() -> dict[str, str]:
    """A series of each family, after every event and one golden call."""
    exposed = Metrics(clock=lambda: NOW)
    call = simulated("payment-declined")
    details = log_completeness(call.call, call.log)
    out = Renderer(call.options, ()).render(call.call, call.log, details)
    trace_id = CallIds("", call.call.session_id).trace_id.hex()
    at = (out.end or 0) + 17
    exposed(CallsStored("main", at, (out.summary,), (trace_id,), out.tally))
    for event in (*EVERY_EVENT, FAILED_EXPORT):
        exposed(event)
    found = {}
    kinds = {each.base_name: each.kind for each in FAMILIES}
    for name, family in families(exposed).items():
        wanted = "_count" if kinds.get(name) is MetricKind.HISTOGRAM else ""
        series = [each for each in family.samples if each.name.endswith(wanted)]
        if series and name in kinds and name != "fuse_otel_build":
            shown = next((each for each in series if each.value), series[0])
            pairs = ",".join(f'{key}="{value}"' for key, value in shown.labels.items())
            labels = f"{{{pairs}}}" if pairs else ""
            found[name] = f"`{shown.name}{labels} {shown.value:g}`"
    return found


def labels() -> str:
    """The label values that say what was taken away, cut or odd."""
    return "\n".join(
        (
            "### Redactions: `rule`\n",
            table(("rule", "what"), [(f"`{k}`", v) for k, v in REDACTIONS.items()]),
            "### Truncations: `kind`\n",
            table(("kind", "what"), [(f"`{k}`", v) for k, v in TRUNCATIONS.items()]),
            "### Anomalies: `kind`\n",
            table(("kind", "what"), [(f"`{k.value}`", v) for k, v in ANOMALIES.items()]),
        )
    )


# What the process itself does, and its service manager, are no events.
_NO_EVENTS = {
    "started": (LogLevel.INFO, ("listen",)),
    "stopping": (LogLevel.INFO, ()),
    "a loop hangs": (LogLevel.ERROR, ("reason",)),
    "the service manager cannot be reached": (LogLevel.WARN, ("reason",)),
}


def log_lines() -> str:
    levels: dict[str, set[LogLevel]] = {}
    fields: dict[str, Iterable[str]] = {}
    for event in (*EVERY_EVENT, *OTHER_LINES):
        line = line_of(event)
        levels.setdefault(line.message, set()).add(line.level)
        fields[line.message] = line.fields
    for message, (level, names) in _NO_EVENTS.items():
        levels[message], fields[message] = {level}, names
    rows = [
        (
            ", ".join(level.name.lower() for level in sorted(levels[message])),
            message,
            ", ".join(f"`{name}`" for name in fields[message]) or "-",
        )
        for message in sorted(levels)
    ]
    return table(("level", "message", "fields"), rows)


def own_spans() -> str:
    """What the daemon traces of itself, as the SDK exports it."""
    spans: dict[str, ReadableSpan] = {}
    failed = (ApiAnswered("main", "calls", 500, 0.2), FAILED_EXPORT)
    for events in ((*EVERY_EVENT,), failed):
        exporter = InMemorySpanExporter()
        traces = SelfTraces(clock=lambda: NOW, exporter=exporter)
        for event in events:
            traces(event)
        traces.close(_GRACE)
        spans |= {span.name: span for span in exporter.get_finished_spans()}
    names = {"GET calls": "GET {endpoint}", "export traces": "export {signal}"}
    rows = [
        (
            f"`{names.get(name, name)}`",
            span.kind.name,
            ", ".join(f"`{each}`" for each in span.attributes or ()),
        )
        for name, span in sorted(spans.items())
    ]
    return table(("span", "kind", "attributes"), rows)
