"""``docs/configuration.md``, made from the settings."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

from fuse_otel.config.table import SETTINGS, Setting

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
- `fuse-otel config` prints what is in effect and where each part was said, secrets masked.

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
| `OTEL_EXPORTER_OTLP_ENDPOINT` | `http://localhost:4318` | the base: `/v1/traces` and `/v1/logs` \
are appended. A signal's own endpoint is used as it is |
| `OTEL_EXPORTER_OTLP_HEADERS` | none | `key=value,…`, values percent-encoded |
| `OTEL_EXPORTER_OTLP_TIMEOUT` | `10000` | milliseconds an attempt may take in all, at least 1 |
| `OTEL_EXPORTER_OTLP_COMPRESSION` | `gzip` | `gzip` or `none` (the standard's default is none) |
| `OTEL_EXPORTER_OTLP_PROTOCOL` | `http/protobuf` | nothing else yet |
| `OTEL_EXPORTER_OTLP_CERTIFICATE` | the system's | PEM file of the authority to trust |
| `OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE`, `…_CLIENT_KEY` | none | PEM files to appear with |
| `OTEL_EXPORTER_OTLP_INSECURE` | `false` | without effect over HTTP: the endpoint's scheme tells |

A value that the standard would have ignored with a warning is an error here.

Several destinations are listed in the file as `[[destinations]]`; then the variables above are
ignored for calls, with a warning.

| key | default | meaning |
|---|---|---|
| `name` | - | a name of its own; it labels the metrics |
| `type` | `otlp` | `otlp`, `console` or `file` (OTLP/JSON lines) |
| `signals` | `["traces", "logs"]` | what it gets |
| `path` | - | of a `file` |
| `endpoint` | `http://localhost:4318` | the base: `/v1/traces` and `/v1/logs` are appended |
| `traces_endpoint`, `logs_endpoint` | from `endpoint` | used as they are |
| `headers` | none | a table; values as they are, not percent-encoded |
| `timeout` | `10s` | what an attempt may take in all |
| `compression` | `gzip` | `gzip` or `none` |
| `protocol` | `http/protobuf` | nothing else yet |
| `certificate`, `client_certificate`, `client_key` | the system's, none, none | PEM files |

## What only the file can say

| table | keys |
|---|---|
| `[[accounts]]` | `name` (default `default`; each needs its own; it labels the metrics), `email`, \
`developer_key` or `developer_key_file`, `numbers` (default: all numbers of the account). Not \
together with `FUSE_OTEL_EMAIL` |
| `[[rescans]]` | `span`, how far back the list of calls is read again (at most `5d`), \
and `every`, how often (left out: on every poll). Default: `1h` on every poll, `6h` every `10m`, \
`24h` every `1h`, `5d` every `1d` |
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
