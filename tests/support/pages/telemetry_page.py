"""The page of everything that fuse-otel sends, made from the code that sends it."""

# ruff: noqa: E501 - a row of a table is a line

from fuse_otel.core.model import semconv
from fuse_otel.core.translation.module_span import LEAVING
from fuse_otel.instrumentation.label_cap import Caps
from support.builders.id_vectors import SNIPPETS
from support.pages import telemetry_tables as tables

_INTRODUCTION = f"""# Telemetry

<!-- Made from the code, the registry and the golden calls by `make golden`. -->

Every call is one trace: a root span, a child span for each execution of a module, and a log record for
each entry of the call's log, correlated with its span. This is version {semconv.SCOPE_VERSION} of the data
model: the scope is `{semconv.SCOPE_NAME}`, its version `{semconv.SCOPE_VERSION}`, the schema URL `{semconv.SCHEMA_URL}`.
The same call gives the same bytes at every time and on every machine.

This page shows the redaction `strict`: only what is known to be harmless is sent.
[Privacy](privacy.md) lists what else is sent under `standard` and `off`. Complete examples, as
OTLP/JSON, are in [tests/data/golden](../tests/data/golden). The names in the form of OpenTelemetry's
semantic conventions are in [semconv/fuse.yaml](semconv/fuse.yaml), and questions with their queries in
[recipes.md](recipes.md). The [glossary](glossary.md) explains the words.

**Stability.** *stable*: name, type and meaning change only together with the scope version. *development*,
for our own names: the value comes from words of Plum that are not documented, so it is absent if Plum uses
other words. *development*, for OpenTelemetry's names: OpenTelemetry may rename it, and then it changes here
with the schema URL and the scope version. The names of metrics and their labels are stable.

## Spans

| span | name | kind | status |
|---|---|---|---|
| call | `call {{service.name}}` | SERVER; CONSUMER for outbound calls | error according to the error policy: any error entry, or one in the last execution |
| execution | `{{fuse.module.type}} {{fuse.module.result_variable}}` | CLIENT for {", ".join(f"`{kind}`" for kind in sorted(LEAVING))}; otherwise INTERNAL | error if one of its entries has the class `error` |

Consecutive entries of the same module are one execution. An entry that names no module belongs to the
execution before it. How a call ended (`fuse.call.outcome`) and whether it had errors (the status,
`fuse.call.errors`) are independent: a call can be completed with errors, or hung up without any.

{tables.span_fields()}
An execution lasts until the next one starts, the last one until the call ends. Every span lasts at least a
microsecond. Plum logs whole seconds.
An entry more than half an hour before the start or after the end of its call gets the nearest time inside. An `end` more than a day
after both the start and the last entry is ignored, and so is a `start` more than a day before both the end and the first entry.
Entries of the same second are one microsecond apart, in Plum's order. A W3C `traceparent` in an entry
becomes a link of its span.

## Ids

Anyone who knows a session id can compute them. `fuse-otel trace-id SESSION_ID` prints the trace id.

    D         = SHA-256("fuse-otel/1" + 0x00 + namespace + 0x00 + session_id)
    trace id  = D[0:16]
    span id n = (D[16:24] as a big-endian number + n * 0x9E3779B97F4A7C15) mod 2^64

The texts are UTF-8 (a zero byte inside one is hashed as `ff ff`). The root is n = 0, the executions are
1, 2, … in order. An id of zeros becomes 1. `log.record.uid` is the trace id, a hyphen, and the entry's
position in the API's array, from 0. Test vectors for your own program:
"""
_PROGRAMS = """The same in Python, Go and JavaScript. Each program prints the trace id and the span ids 0, 1 and 2 for a
namespace and a session id:
"""
_RECORDS = """## Log records

The body is the redacted line of the entry. A line that no rule knows becomes `[redacted]`. The record still
has its time, module, class and data.
"""
_LINES = """### Known lines

Plum documents no line and can change its words at any time. fuse-otel knows these shapes in every module,
with exceptions: `Going to application` only in the modules that go to another application, `Comparing` only in
`compare variable`, and none in the author's own `call log`.
"""
_METRICS = f"""## Metrics

`fuse_otel_…` describes the daemon, `fuse_…` the calls. No label contains a number, a user or a session.
`application` is `service.name`, `account` the account in the configuration (`default` without `[[accounts]]`),
`module` the name that the author gave a module, `module_type` its type. Of each account, the first
{Caps().applications} applications keep their names (`FUSE_OTEL_METRIC_APPLICATIONS`), and so do the first {Caps().applications} classes of log entries. So do
the first {Caps().modules:,} modules (`FUSE_OTEL_METRIC_MODULES`), as many pairs of a module with a kind of error, as many with a
server, and twice as many steps between modules. The others share the label `#other#`: `fuse_otel_label_overflows_total`
counts them, and the log says when that begins. The call families leave out calls that ended an hour or more
before they were stored, so that catching up does not look like a peak of traffic. Counters are kept in the process: a call counts when it is
stored, at most once. In OpenMetrics the call families have a trace id as exemplar.

Where all values of a label are known, their series begin at 0: at the start of the daemon, or with the first event of
that application, module or server. A series whose labels are not known before begins at 1 with its first event, and
`rate()` and `increase()` do not see that event. This concerns `fuse_errors_total`, `fuse_otel_api_requests_total`,
`fuse_otel_export_requests_total`, `fuse_log_entries_total`, `fuse_module_transitions_total`, and in all families the first event of a new
application, direction, module or server. Where that event counts, use the following. After a gap in
scraping it shows the whole counter once:

```promql
(fuse_errors_total unless fuse_errors_total offset 1h) or increase(fuse_errors_total[1h])
```
"""
_LOG = """## The daemon's own log

The log goes to stderr, as `logfmt` or `json`. Every line has `ts`, `level` and `msg`. A line that repeats a
problem within a minute is held back, and the next one counts them in `more`. A field without a value is left
out. `a loop hangs` is logged only under a service manager with a watchdog, such as systemd's `WatchdogSec`; else
`/-/healthy` shows it. These are all messages, apart from warnings of the configuration and of libraries (with
`logger`), which are sentences of their own:
"""
_OWN_TRACES = """## The daemon's own traces

With `FUSE_OTEL_SELF_TRACES=on` the daemon sends spans of its own work through OpenTelemetry's SDK and its OTLP
exporter. The service is `fuse-otel` unless `OTEL_SERVICE_NAME` names another, the scope `fuse_otel.self`. The
standard `OTEL_EXPORTER_OTLP_…` variables say where they go, `OTEL_TRACES_SAMPLER` how many. A poll is the parent
of the requests that it made. A span has the status error if the API answered with 400 or more, or if the
destination did not accept everything; then `error.type` is the code.
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
        _OWN_TRACES,
        tables.own_spans(),
    ]
    return "\n".join(parts)


def _program(file: str, language: str) -> str:
    code = (SNIPPETS / file).read_text(encoding="utf-8")
    return f"```{language}\n{code}```\n"
