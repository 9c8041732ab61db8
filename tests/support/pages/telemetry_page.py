"""The page of everything that fuse-otel sends, made from the code that sends it."""

# ruff: noqa: E501 - a row of a table is a line

from fuse_otel.core.model import semconv
from fuse_otel.core.translation.module_span import LEAVING
from fuse_otel.instrumentation.metrics import LABEL_VALUES
from support.builders.id_vectors import SNIPPETS
from support.pages import telemetry_tables as tables

_INTRODUCTION = f"""# Telemetry

<!-- Made from the code, the registry and the golden calls by `make golden`. -->

Every call is one trace: a root span, a child span for each execution of a module, and a log record for
each entry of the call's log, beside the span it belongs to. This is version {semconv.SCOPE_VERSION} of the data
model: the scope is `{semconv.SCOPE_NAME}`, its version `{semconv.SCOPE_VERSION}`, the schema URL `{semconv.SCHEMA_URL}`.
The same call gives the same bytes, whenever and wherever it is read.

Shown is the redaction `strict`: what is not known to be harmless does not leave;
[privacy.md](privacy.md) tells what else leaves under `standard` and `off`. Complete examples, as
OTLP/JSON, are in [tests/data/golden](../tests/data/golden), the names in the form of OpenTelemetry's
semantic conventions in [semconv/fuse.yaml](semconv/fuse.yaml), and questions with their queries in
[recipes.md](recipes.md).

**Stability.** *stable*: name, type and meaning change only together with the scope version. *development*:
of our names, it is read from words of Plum that are not documented, so it is absent where Plum words it
otherwise; of OpenTelemetry's, it may still be renamed there, and changes here with the schema URL and
the scope version. The names of metrics and their labels are stable.

## Spans

| span | name | kind | status |
|---|---|---|---|
| call | `call {{service.name}}` | SERVER; CONSUMER if we called | error by the policy: any error entry, or one in the last execution |
| execution | `{{fuse.module.type}} {{fuse.module.result_variable}}` | CLIENT for {", ".join(f"`{kind}`" for kind in sorted(LEAVING))}; else INTERNAL | error if one of its entries is one |

Consecutive entries of the same module are one execution; an entry that names no module belongs to the
execution before it. How a call ended (`fuse.call.outcome`) and whether it had errors (the status,
`fuse.call.errors`) are two things: a call can be completed and have errors, or be hung up without any.

{tables.span_fields()}
An execution lasts until the next one begins, the last one until the call ends. Plum knows whole seconds
only; entries of one second are a microsecond apart, in Plum's order. A W3C `traceparent` in an entry
becomes a link of its span.

## Ids

Anybody who knows a session id can compute them: `fuse-otel trace-id SESSION_ID` prints them.

    D         = SHA-256("fuse-otel/1" + 0x00 + namespace + 0x00 + session_id)
    trace id  = D[0:16]
    span id n = (D[16:24] as a big-endian number + n * 0x9E3779B97F4A7C15) mod 2^64

The texts are UTF-8 (a zero byte inside one is hashed as `ff ff`). The root is n = 0, the executions are
1, 2, … in order; an id of zeros becomes 1. `log.record.uid` is the trace id, a hyphen, and the entry's
place in the array of the API, from 0. To check a program of your own:
"""
_PROGRAMS = """The same in Python, Go and JavaScript; each prints the trace id and the span ids 0, 1 and 2 for a
namespace and a session id:
"""
_RECORDS = """## Log records

The body is the entry's line as far as it may leave. A line that no rule knows is `[redacted]`, and costs
nothing else: its time, module, class and data are told all the same.
"""
_LINES = """### What a line tells

Plum documents no line and may change its words at any time. These shapes are known, wherever they
stand (`Going to application` only in the modules that go somewhere, none in the author's own `call log`):
"""
_METRICS = f"""## Metrics

`fuse_otel_…` tells of the daemon, `fuse_…` of the calls. No label holds a number, a user or a session.
`application` is `service.name`; names of applications and modules beyond the first {LABEL_VALUES} share the label
`#other#`. The call families leave out calls that ended more than an hour before they were stored, so that
catching up looks like no rush hour. Counters live in the process: a call counts when it is stored, at most
once. In OpenMetrics the call families carry a trace id as exemplar.
"""
_LOG = """## The daemon's own log

On stderr, `logfmt` or `json`. Every line has `ts`, `level` and `msg`; the fields of each message:
"""
_FENCES = {"ids.py": "python", "ids.go": "go", "ids.mjs": "javascript"}


def telemetry_page() -> str:
    parts = [
        _INTRODUCTION,
        tables.id_table(),
        _PROGRAMS,
        *(_program(file, language) for file, language in _FENCES.items()),
        "## Attributes of the resource\n",
        tables.attributes("resource"),
        "## Attributes of calls\n",
        tables.attributes("call"),
        "## Attributes of executions\n",
        tables.attributes("execution"),
        _RECORDS,
        tables.record_fields(),
        "Records of two classes are events:\n",
        tables.events(),
        "## Attributes of log records\n",
        tables.attributes("record"),
        "### Severities\n",
        tables.severities(),
        _LINES,
        tables.lines(),
        _METRICS,
        tables.metrics(),
        tables.labels(),
        _LOG,
        tables.log_lines(),
    ]
    return "\n".join(parts)


def _program(file: str, language: str) -> str:
    code = (SNIPPETS / file).read_text(encoding="utf-8")
    return f"```{language}\n{code}```\n"
