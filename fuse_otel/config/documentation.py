"""``docs/configuration.md``, made from the settings."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

from fuse_otel.config.catalogue import SETTINGS, Setting

_BEGINNING = """\
# Configuration

<!-- Made by `python -m fuse_otel.config`: edit fuse_otel/config instead. -->

A setting can be said in four places. The first that says something counts:

1. a flag of the command (`--poll-interval 1m`),
2. a variable of the environment (`FUSE_OTEL_POLL_INTERVAL=1m`),
3. the TOML file that `--config` or `FUSE_OTEL_CONFIG` names (`poll_interval = "1m"`),
4. the default.

An empty value is as good as none. A name that is not known is an error that suggests the nearest
one, so a mistyped setting never goes unnoticed; what Kubernetes sets for a Service called
`fuse-otel` is left alone. All problems are told at once, and the exit code is 78.

- `fuse-otel check` tells whether the configuration is good, `fuse-otel check --online` whether it
  works: it asks the API, opens the store and sends each destination an empty request.
- `fuse-otel config` prints what is in effect and where each part was said, as a file that says the
  same once the secrets, which it hides, are put in again; `--json` for programs.

The least that has to be said is whose calls to read:

```sh
export FUSE_OTEL_EMAIL=ops@example.com
export FUSE_OTEL_DEVELOPER_KEY_FILE=/run/secrets/fuse_key
export OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318
fuse-otel run
```

## How values are written

| | |
|---|---|
| duration | `30s`, `5m`, `1h`, `5d`, or a number of seconds |
| size | `512MiB`, `2GiB` (also `KiB`, `TiB`), or a number of bytes |
| key=value,… | separated by commas; a comma (`%2C`), a space (`%20`) or a percent sign (`%25`) \
in a value is percent-encoded |
| secret | the text itself, or in a setting of the same name with `_FILE` (in the file: `_file`) \
the path of a file that holds it and nothing else; not both. There is no flag for the text, \
because arguments are visible to everybody on the machine |

Paths are relative to the working directory. In the file, durations and sizes stand in quotes,
numbers and `true` or `false` may stand without.

## Settings
"""

_ENDING = """\
## Destinations

Where nothing else is said there is one destination, `default`, and the standard variables of
[OpenTelemetry](https://opentelemetry.io/docs/specs/otel/protocol/exporter/) define it. Each also
exists for one signal alone (`OTEL_EXPORTER_OTLP_TRACES_…`, `OTEL_EXPORTER_OTLP_LOGS_…`), which
outranks the general one.

| variable | default | meaning |
|---|---|---|
| `OTEL_TRACES_EXPORTER`, `OTEL_LOGS_EXPORTER` | `otlp` | `otlp`, `console` (OTLP/JSON on standard \
output) or `none` |
| `OTEL_EXPORTER_OTLP_PROTOCOL` | `http/protobuf` | or `grpc`; `http/json` is not supported |
| `OTEL_EXPORTER_OTLP_ENDPOINT` | `http://localhost:4318`, over gRPC `http://localhost:4317` | \
over HTTP the base: `/v1/traces` and `/v1/logs` are appended; a signal's own endpoint is used as \
it is. Over gRPC see below |
| `OTEL_EXPORTER_OTLP_HEADERS` | none | `key=value,…`, values percent-encoded |
| `OTEL_EXPORTER_OTLP_TIMEOUT` | `10000` | milliseconds an attempt may take in all, at least 1 |
| `OTEL_EXPORTER_OTLP_COMPRESSION` | `gzip` | `gzip` or `none` (the standard's default is none) |
| `OTEL_EXPORTER_OTLP_CERTIFICATE` | the well-known authorities | PEM file of the authority to \
trust instead; `SSL_CERT_FILE` is heeded too |
| `OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE`, `…_CLIENT_KEY` | none | PEM files to appear with |
| `OTEL_EXPORTER_OTLP_INSECURE` | `false` | `true`: no TLS over gRPC, where the endpoint has no \
scheme. Elsewhere the scheme tells |

A value that the standard would have ignored with a warning is an error here.

### Over gRPC

- An endpoint is `http://host:port` (plain), `https://host:port` (TLS), or what gRPC itself takes
  (`host:port`, `dns:///host:port`, `unix:/path`): TLS unless `OTEL_EXPORTER_OTLP_INSECURE=true`. It
  has no path, and no credentials: those are a header. Without a port it is 80 or 443.
- Headers are sent in lower case. Names that end with `-bin`, begin with `grpc-`, or are gRPC's own
  (`content-type`, `user-agent`, …) are refused.
- A request is at most 3 MB before compression, within the 4 MiB that servers take by default; one
  that takes less gets smaller requests.
- A proxy is taken from `https_proxy`, `http_proxy` and `no_proxy` in lower case, as gRPC does.
- gRPC's library logs nothing unless `GRPC_VERBOSITY` is set; what it then writes to standard error
  may name addresses and headers.
- A TLS port that is spoken to in plain text hangs up without a reason: that is tried again, with a
  hint, as it cannot be told from a restart. TLS to a plain port, an untrusted certificate and a
  port that speaks another protocol hold the lane at once.

Both protocols deliver the same and lose nothing. What is stored is compressed already and goes over
HTTP as it is; gRPC inflates it and compresses it anew. A request of one call costs half as much
over gRPC, one of 20 calls three times, one of 400 calls 24 times (30 ms of processor time), or
three times with compression `none` (`python -m benchmarks.http_and_grpc`).

Several destinations are listed in the file as `[[destinations]]`; then the variables above are
ignored for calls, with a warning.

| key | default | meaning |
|---|---|---|
| `name` | - | a name of its own; it labels the metrics |
| `type` | `otlp` | `otlp`, `console` or `file` (OTLP/JSON lines) |
| `signals` | `["traces", "logs"]` | what it gets |
| `redaction` | the general one | `strict`, `standard` or `off`, for this destination |
| `path` | - | of a `file` |
| `protocol` | `http/protobuf` | or `grpc` |
| `endpoint` | `http://localhost:4318`, over gRPC `http://localhost:4317` | as the variable: over \
HTTP the base that `/v1/traces` and `/v1/logs` are appended to |
| `traces_endpoint`, `logs_endpoint` | from `endpoint` | used as they are |
| `flavour`, `traces_flavour`, `logs_flavour` | the settings of these names | see Flavours |
| `headers` | none | a table; values as they are, not percent-encoded |
| `timeout` | `10s` | what an attempt may take in all |
| `compression` | `gzip` | `gzip` or `none` |
| `certificate`, `client_certificate`, `client_key` | the well-known, none, none | PEM files |

### Grafana: traces to Tempo, logs to Loki

Each signal goes to its own endpoint. Tempo takes both protocols, Loki HTTP alone. A tenant is a
header, of both signals or of each (`…_TRACES_HEADERS`, `…_LOGS_HEADERS`).

```sh
export OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://tempo:4318/v1/traces
export OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=http://loki:3100/otlp/v1/logs
export OTEL_EXPORTER_OTLP_HEADERS=X-Scope-OrgID=acme
export FUSE_OTEL_LOGS_FLAVOUR=loki
```

## Flavours

A flavour takes a back end's known limits into account. Two lanes whose flavours write the same
bytes share them: they are encoded and stored once.

| flavour | traces | logs |
|---|---|---|
| `generic`, `tempo`, `jaeger` | the same bytes, which both take at any age | the same bytes |
| `loki` | as `generic` | each record's UTC hour in the resource attribute \
`service.instance.id`, such as `2026-11-18T23` |

`tempo` and `jaeger` are there to be named: nothing has to be different for them today.

Loki refuses a record that is more than an hour older than the newest of its stream (`entry too far
behind`). With flavour `loki` an hour has a stream of its own, so records are taken in any order,
history beside live calls; `FUSE_OTEL_LOKI_STREAM_ATTRIBUTE` chooses another of the attributes that
Loki makes streams of, or `off`. An attribute of that name in `FUSE_OTEL_RESOURCE_ATTRIBUTES` is
replaced. In queries leave it out, or aggregate over it: `sum by (service_name) (…)`.

A change of the flavour counts for what is read from then on. What is stored already is delivered
as it was written.

### How many streams that makes

A stream is active in Loki from its first record until its chunk has been idle for 30 minutes
(`ingester.chunk_idle_period`). Live calls keep one or two for each application and environment. A
backfill touches one for each application and each hour that it reads:

| backfill | 1 application | 10 | 41 | 100 |
|---|---|---|---|---|
| 1 hour | 2 | 20 | 82 | 200 |
| 1 day | 25 | 250 | 1,025 | 2,500 |
| 5 days | 121 | 1,210 | 4,961 | 12,100 |

Loki allows a tenant 5,000 by default (`limits_config.max_global_streams_per_user`): five days of 41
applications. Past that it answers 429 (`maximum active stream limit exceeded`) and keeps what is
within the limit; the lane tries again, nothing is lost or parked, and at least 5,000 new streams
are taken every half hour, as the old ones go idle. To be faster raise the limit while the backfill
runs, or shorten `chunk_idle_period`.

## Limits

OpenTelemetry's variables
[limit](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#attribute-limits)
what is sent of a call as they limit an SDK. They can only tighten what the data model allows; a
variable for spans or log records alone outranks the general one.

| variable | the model's own | meaning |
|---|---|---|
| `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT` | `2048` | characters of an attribute's text; more are \
cut, of ids too |
| `OTEL_ATTRIBUTE_COUNT_LIMIT` | see below | attributes of a span or a log record; the first stay |
| `OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT` | `2048` | the same for spans |
| `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT` | `128` | the same for spans |
| `OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT` | `2048` | the same for log records |
| `OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT` | `96` | the same for log records |
| `OTEL_SPAN_LINK_COUNT_LIMIT` | `128` | links of a span |

A log record's body is at most 32 KiB, a call 2.5 MB of spans and 2.5 MB of log records. What is cut
is counted by `fuse_otel_truncations_total`.

## What only the file can say

| table | keys |
|---|---|
| `[[accounts]]` | `name` (default `default`; each needs its own; it labels the metrics), `email`, \
`developer_key` or `developer_key_file`, `numbers` (default: all numbers of the account). Not \
together with `FUSE_OTEL_EMAIL` |
| `[[rescans]]` | `span`, how far back the list of calls is read again (at most `5d`), \
and `every`, how often (left out: on every poll). Default: `1h` on every poll, `6h` every `10m`, \
`24h` every `1h`, `5d` every `1d` |
| `[[redaction_rules]]` | one of `allow` (a key of the entries' data that may leave under \
`strict`, scrubbed), `drop` (a key that never leaves) and `pattern` with `name` (what the regular \
expression finds becomes `[name]`); `modules`, a list of kinds of modules, narrows the first two. \
[Privacy](privacy.md) has examples |
| `[service_names]` | one of our own phone numbers, or an application's name = the `service.name` |
| `[severities]` | a class of log entries = `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR`, `FATAL` |

## A full example

"""


def document() -> str:
    example = resources.files(__package__).joinpath("example.toml").read_text(encoding="utf-8")
    return f"{_BEGINNING}\n{chr(10).join(_settings())}\n{_ENDING}```toml\n{example}```\n"


def _settings() -> Iterator[str]:
    for setting in SETTINGS:
        yield from _setting(setting)


def _setting(setting: Setting) -> Iterator[str]:
    yield f"### `{setting.variable}`"
    yield ""
    yield setting.meaning
    yield ""
    yield "| type | default | example | flag | key in the file |"
    yield "|---|---|---|---|---|"
    default = f"`{setting.default}`" if setting.default else "-"
    example = setting.example if setting.secret else f"`{setting.example}`"
    keys = f"`{setting.name}`, `{setting.twin}`" if setting.secret else f"`{setting.name}`"
    yield f"| {setting.kind} | {default} | {example} | `{setting.flag}` | {keys} |"
    if setting.secret:
        yield ""
        yield f"Its twin: `{setting.variable}_FILE`."
    yield ""
