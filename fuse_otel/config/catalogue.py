"""Every scalar setting: its names, default and meaning. Flags, variables, keys of the file and the
documentation are made from this one list. The command line reads it at each start, so it imports
nothing heavy.
"""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "FUSE_OTEL_"
CONFIG_VARIABLE = f"{PREFIX}CONFIG"
DEFAULT_CONFIG_FILE = "/etc/fuse-otel/fuse-otel.toml"
"""Read if neither the flag nor the variable names a file, so that the daemon of a system and the
commands beside it have the same settings.
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """``name`` is the key in the file. ``default`` is written as an operator would, empty for none.

    For a ``secret`` there is a second setting, the path of a file that holds it. Only that one has
    a flag, because every user of the machine can see the arguments of a process. A value that
    ``may_hold_secret`` has both: the setting itself, with its flag, and the path of a file.
    """

    name: str
    kind: str
    default: str
    example: str
    meaning: str
    secret: bool = False
    may_hold_secret: bool = False

    @property
    def variable(self) -> str:
        return variable_of(self.name)

    @property
    def file_name(self) -> str:
        """The key for the path of a file that holds the secret."""
        return f"{self.name}_file"

    @property
    def has_file(self) -> bool:
        """Whether a file may hold the value."""
        return self.secret or self.may_hold_secret

    @property
    def names(self) -> tuple[str, ...]:
        """Every key in the file."""
        return (self.name, self.file_name) if self.has_file else (self.name,)

    @property
    def flag_name(self) -> str:
        """The key that the flag sets."""
        return self.file_name if self.secret else self.name

    @property
    def flag(self) -> str:
        return flag_of(self.flag_name)


def variable_of(name: str) -> str:
    return PREFIX + name.upper()


def flag_of(name: str) -> str:
    return "--" + name.replace("_", "-")


SETTINGS = (
    Setting(
        "api_url", "URL", "https://fuse.plumvoice.com/api", "https://fuse.plumvoice.com/api",
        "Base URL of the Fuse API.",
    ),
    Setting(
        "email", "text", "", "ops@example.com",
        "Login e-mail of the Fuse account. To read several accounts, list `[[accounts]]` in the"
        " file.",
    ),
    Setting(
        "developer_key", "secret", "", "(the key)", "Developer key of that account.", secret=True
    ),
    Setting(
        "poll_interval", "duration", "30s", "1m",
        "Time between two requests for new calls. At least 1s.",
    ),
    Setting(
        "settle", "duration", "15s", "30s",
        "Time to wait after the end of an interval before it is read, until its list of calls no"
        " longer changes.",
    ),
    Setting(
        "grow", "duration", "2m", "5m",
        "How long a call is held back while its log may still grow.",
    ),
    Setting(
        "since", "duration", "5d", "1h",
        "How far back the first start reads. At most 5d: Plum keeps no older logs.",
    ),
    Setting(
        "max_requests_per_second", "number", "5", "2.5",
        "Maximum number of requests per second to the API, for each account.",
    ),
    Setting(
        "max_concurrent_requests", "count", "4", "2",
        "Maximum number of concurrent requests for single logs, for each account and kind of call: "
        "live, other, failed before. 1 to 16.",
    ),
    Setting(
        "state_url", "URL", "sqlite:///fuse-otel.db", "sqlite:////var/lib/fuse-otel/state.db",
        "URL of the store: `sqlite:///` and a path, so an absolute path has four slashes."
        " `sqlite://` alone keeps everything in memory until the process ends."
        " `postgresql://user:password@host/database` is a database that several replicas may share;"
        " it needs the extra `postgres`. Keep a password in the file, not in a flag.",
        may_hold_secret=True,
    ),
    Setting(
        "max_disk", "size", "2GiB", "512MiB",
        "Maximum size of the store: batches, parked copies, ledger, pending and recent calls, index"
        " of calls, call flows. When it is reached, polling stops and nothing is dropped. At least"
        " 16MiB.",
    ),
    Setting(
        "listen", "host:port", "127.0.0.1:9464", "[::]:9464",
        "Address of the pages and metrics. Write IPv6 in brackets. `[::]` is every address of IPv6"
        " and IPv4, or of IPv4 alone on a system without IPv6. Port 0 takes any free port.",
    ),
    Setting(
        "allowed_hosts", "name,…", "", "fuse-otel.example.com",
        "Host names under which the pages with data and `/-/reload` answer, besides IP addresses"
        " and `localhost`. Metrics, probes and the webhook answer to any name. In the file it can"
        " also be a list.",
    ),
    Setting(
        "web_config", "path", "", "/etc/fuse-otel/web.yaml",
        "File with TLS and logins for the address of the pages, in the form of Prometheus's web"
        " configuration file. `docs/configuration.md` lists its keys. Without it the port has"
        " neither.",
    ),
    Setting(
        "trace_url", "URL", "", "http://jaeger:16686/trace/{trace_id}",
        "Where the page of a call links to its trace. `{trace_id}`, `{session_id}`, `{start_ms}`"
        " and `{end_ms}` stand for the call's values. `docs/operations.md` has templates for Jaeger"
        " and Tempo.",
    ),
    Setting(
        "logs_url", "URL", "",
        "http://victorialogs:9428/select/vmui/#/?query=trace_id%3A%3D%22{trace_id}%22",
        "Where the page of a call links to its logs, as `trace_url`. `docs/operations.md` has"
        " templates for VictoriaLogs and Loki.",
    ),
    Setting(
        "redaction", "`strict`, `standard`, `off`", "strict", "standard",
        "What may be sent. `strict`: only what is known to be harmless. `standard`: everything"
        " except text that looks like a personal address, number or credential. `off`: everything."
        " The pages have a setting of their own.",
    ),
    Setting(
        "pages_redaction", "as `redaction`", "strict", "strict",
        "What the pages and `fuse-otel show` show of stored calls. It must not be looser than what"
        " at least one destination is sent, and another value than `strict` needs a login"
        " (`FUSE_OTEL_WEB_CONFIG`). Metrics and the log always use `strict`.",
    ),
    Setting(
        "pseudonym_key", "secret", "", "(a long random text)",
        "Key of the pseudonym `user.hash`, of 16 bytes or more. By default it is derived from the"
        " account's developer key, and changes with it.",
        secret=True,
    ),
    Setting(
        "url_templates", "path,…", "", "/v2/charges,/claims/{claim}",
        "Paths of your own web services, with `{name}` for a segment that varies. A request whose"
        " URL fits one gets it as `url.template`. The first that fits counts. In the file it can"
        " also be a list.",
    ),
    Setting(
        "namespace", "text", "", "acme-eu",
        "Part of every trace id. Set it if two installations may have the same session ids.",
    ),
    Setting(
        "environment", "text", "", "production",
        "Value of `deployment.environment.name` for every call.",
    ),
    Setting(
        "resource_attributes", "key=value,…", "", "team=voice,region=us%2Deast",
        "Additional resource attributes for every call, values percent-encoded. In the file it can"
        " also be a table. `OTEL_RESOURCE_ATTRIBUTES` describes the daemon and is not added to"
        " calls.",
    ),
    Setting(
        "error_policy", "`any`, `last`", "any", "last",
        "When a call counts as failed: if `any` entry is an error, or if the `last` execution has"
        " one.",
    ),
    Setting(
        "flavour", "`generic`, `tempo`, `loki`, `jaeger`", "generic", "tempo",
        "The back end whose known limits apply to both signals. A destination in the file can set"
        " its own.",
    ),
    Setting("traces_flavour", "as `flavour`", "", "jaeger", "The flavour for traces."),
    Setting("logs_flavour", "as `flavour`", "", "loki", "The flavour for logs."),
    Setting(
        "loki_stream_attribute", "text, `off`", "service.instance.id", "service.instance.id",
        "The resource attribute that holds the hour of a record, so that Loki accepts old records."
        " It is set for logs with the flavour `loki`.",
    ),
    Setting(
        "hook_token", "secret", "", "(a long random text)",
        "Token that Plum's post-call web service must send. Without a token the webhook is off.",
        secret=True,
    ),
    Setting(
        "metric_applications", "count", "200", "500",
        "How many applications of each account have series of their own in the metrics. The others"
        " share the label `#other#`, which `fuse_otel_label_overflows_total` counts. 1 to 10000.",
    ),
    Setting(
        "metric_modules", "count", "2000", "5000",
        "The same for modules, for pairs of a module with a kind of error, and for pairs with a"
        " server; of the steps between modules twice as many. 1 to 100000.",
    ),
    Setting(
        "shutdown_grace", "duration", "10s", "25s",
        "How long the daemon continues to deliver after a stop signal.",
    ),
    Setting(
        "self_traces", "`on`, `off`", "off", "on",
        "Whether the daemon sends traces of its own work. The standard variables set where to.",
    ),
    Setting(
        "log_level", "`debug`, `info`, `warn`, `error`", "info", "debug",
        "Minimum level of the log lines on standard error.",
    ),
    Setting("log_format", "`logfmt`, `json`", "logfmt", "json", "Format of the log lines."),
)  # fmt: skip

# What only the file can set, in the order in which problems are reported.
TABLES = (
    "accounts", "destinations", "rescans", "redaction_rules", "service_names", "severities",
    "transfer_queues",
)  # fmt: skip
