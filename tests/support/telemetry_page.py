"""The page of everything that fuse-otel sends, made from the code that sends it."""

# ruff: noqa: E501 - a row of a table is a line

from fuse_otel.core import semconv
from fuse_otel.core.anomaly import Anomaly
from fuse_otel.core.ids import CallIds
from fuse_otel.core.records import SEVERITIES
from fuse_otel.core.spans import LEAVING
from fuse_otel.core.vocabulary import REDACTIONS, TRUNCATIONS, VOCABULARY, Place
from fuse_otel.instrumentation.families import FAMILIES
from fuse_otel.instrumentation.line_of import line_of
from support.call_values import SESSION
from support.every_event import EVERY_EVENT

_IDS = CallIds("", SESSION)
_INTRODUCTION = f"""# Telemetry

<!-- Made from the code by the tests: UPDATE_DOCS=1 python -m pytest tests/unit/test_telemetry_page.py -->

Every call is one trace: a root span, a child span for each execution of a module, and a log record for
each entry of the call's log, beside the span it belongs to. This is version {semconv.SCOPE_VERSION} of the data
model: the scope is `{semconv.SCOPE_NAME}`, its version `{semconv.SCOPE_VERSION}`, the schema URL `{semconv.SCHEMA_URL}`.
The same call gives the same bytes, whenever and wherever it is read.

Shown is the redaction `strict`: what is not known to be harmless does not leave. Complete examples, as
OTLP/JSON, are in [tests/data/golden](../tests/data/golden).

## Spans

| span | name | kind | status |
|---|---|---|---|
| call | `call {{service.name}}` | SERVER; CONSUMER if we called | error by the policy: any error entry, or one in the last execution |
| execution | `{{fuse.module.type}} {{fuse.module.result_variable}}` | CLIENT for {", ".join(f"`{kind}`" for kind in sorted(LEAVING))}; else INTERNAL | error if one of its entries is one |

An execution lasts until the next one begins, the last one until the call ends. Plum knows whole seconds
only; entries of one second are a microsecond apart, in Plum's order. A W3C `traceparent` in an entry
becomes a link of its span.

## Ids

Anybody who knows a session id can compute them: `fuse-otel trace-id SESSION_ID` prints them.

    D         = SHA-256("fuse-otel/1" + 0x00 + namespace + 0x00 + session_id)
    trace id  = D[0:16]
    span id n = (D[16:24] as a big-endian number + n * 0x9E3779B97F4A7C15) mod 2^64

The root is n = 0, the executions are 1, 2, … in order; an id of zeros becomes 1. For the session id
`{SESSION}` without a namespace:

| | |
|---|---|
| trace id | `{_IDS.trace_id.hex()}` |
| root span id | `{_IDS.span_id(0):016x}` |
| first execution | `{_IDS.span_id(1):016x}` |
"""
_RECORDS = """## Log records

The body is the entry's line as far as it may leave: `User input: [1 digit] (dtmf)`. A line that no rule
knows is `[redacted]`. `event_name` is `fuse.prompt` or `fuse.event` for entries of these classes.
"""
_METRICS = """## Metrics

`fuse_otel_…` tells of the daemon, `fuse_…` of the calls. No label holds a number, a user or a session.
The call families leave out calls that ended more than an hour before they were stored.
"""
_LOG = """## The daemon's own log

On stderr, `logfmt` or `json`. Every line has `ts`, `level` and `msg`; the fields of each message:
"""
_TITLES = {
    Place.RESOURCE: "## Attributes of the resource",
    Place.CALL: "## Attributes of calls",
    Place.EXECUTION: "## Attributes of executions",
    Place.RECORD: "## Attributes of log records",
}


def telemetry_page() -> str:
    parts = [
        _INTRODUCTION,
        *(_attributes(place) for place in Place),
        _RECORDS,
        _severities(),
        _METRICS,
        _metrics(),
        _labels(),
        _LOG,
        _log_lines(),
    ]
    return "\n".join(parts)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines).replace("| --- ", "|---").replace(
        "|--- |", "|---|"
    )  # fmt: skip


def _attributes(place: Place) -> str:
    rows = [
        (f"`{name}`", word.type, word.meaning, f"`{word.example}`")
        for name, word in VOCABULARY.items()
        if place in word.places
    ]
    return f"{_TITLES[place]}\n\n" + _table(("attribute", "type", "meaning", "example"), rows)


def _severities() -> str:
    rows = [(f"`{name}`", str(number), text) for name, (number, text) in SEVERITIES.items()]
    rows.append(("any other", "9", "INFO"))
    return _table(("class", "severity number", "severity text"), rows)


def _metrics() -> str:
    rows = [
        (f"`{family.name}`", family.kind.value, ", ".join(family.labels) or "-", family.help)
        for family in FAMILIES
    ]
    return _table(("metric", "type", "labels", "meaning"), rows)


def _labels() -> str:
    """The label values that say what was taken away, cut or odd."""
    odd = "the API's data were odd: " + ", ".join(f"`{kind.value}`" for kind in Anomaly)
    return "\n".join(
        (
            "### What was taken away: `rule`\n",
            _table(("rule", "what"), [(f"`{k}`", v) for k, v in REDACTIONS.items()]),
            "### What was cut: `kind`\n",
            _table(("kind", "what"), [(f"`{k}`", v) for k, v in TRUNCATIONS.items()]),
            "### What was odd: `kind`\n",
            f"`time`: an entry's time was inferred; `class`: a class that is not Plum's; {odd}.\n",
        )
    )


def _log_lines() -> str:
    lines = sorted((line_of(event) for event in EVERY_EVENT), key=lambda line: line.message)
    rows = [
        (line.level.name.lower(), line.message, ", ".join(f"`{name}`" for name in line.fields))
        for line in lines
    ]
    return _table(("level", "message", "fields"), rows)
