"""Every scalar setting: its names, default and meaning. The one list that flags, variables, keys of
the file, and the documentation are made from. Light, for the command line reads it at each start.
"""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "FUSE_OTEL_"
CONFIG_VARIABLE = f"{PREFIX}CONFIG"
_FILE = "_file"


@dataclass(frozen=True, slots=True)
class Setting:
    """``name`` is the key in the file. ``default`` is written as an operator would, empty for none.

    A ``secret`` has a twin that names a file holding it, and no flag of its own: the arguments of a
    process are for everybody to see.
    """

    name: str
    kind: str
    default: str
    example: str
    meaning: str
    secret: bool = False

    @property
    def variable(self) -> str:
        return variable_of(self.name)

    @property
    def twin(self) -> str:
        """The name of the twin."""
        return self.name + _FILE

    @property
    def given(self) -> str:
        """What the flag gives: the name, a secret's twin."""
        return self.twin if self.secret else self.name

    @property
    def flag(self) -> str:
        return flag_of(self.given)


def variable_of(name: str) -> str:
    return PREFIX + name.upper()


def flag_of(name: str) -> str:
    return "--" + name.replace("_", "-")


SETTINGS = (
    Setting(
        "api_url", "URL", "https://fuse.plumvoice.com/api", "https://fuse.plumvoice.com/api",
        "Where the Fuse API is.",
    ),
    Setting(
        "email", "text", "", "ops@example.com",
        "The login e-mail of the one Fuse account to read. For several accounts list"
        " `[[accounts]]` in the file instead.",
    ),
    Setting(
        "developer_key", "secret", "", "(the key)",
        "The developer key of that account.", secret=True,
    ),
    Setting(
        "poll_interval", "duration", "30s", "1m",
        "How often the API is asked for new calls. At least 1s.",
    ),
    Setting(
        "settle", "duration", "15s", "30s",
        "How long an interval has to be over before it is read, so that the list holds still.",
    ),
    Setting(
        "grow", "duration", "2m", "5m",
        "How long a call whose log may still grow is held back.",
    ),
    Setting(
        "since", "duration", "1h", "5d",
        "How far back the first start reads. At most 5d: older logs are gone.",
    ),
    Setting(
        "max_requests_per_second", "number", "5", "2.5",
        "The most requests a second to the API, for each account.",
    ),
    Setting(
        "max_concurrent_requests", "count", "4", "2",
        "The most requests to the API at the same time, for each account. 1 to 16.",
    ),
    Setting(
        "state_url", "URL", "sqlite:///fuse-otel.db", "sqlite:////var/lib/fuse-otel/state.db",
        "The store: `sqlite:///` and a path; an absolute path makes four slashes."
        " `sqlite://` alone keeps everything in memory and forgets it.",
    ),
    Setting(
        "max_disk", "size", "2GiB", "512MiB",
        "The cap of the outbox. When it is reached polling stops and nothing is dropped."
        " At least 16MiB.",
    ),
    Setting(
        "listen", "host:port", "127.0.0.1:9464", "0.0.0.0:9464",
        "Where the pages and metrics answer. IPv6 in brackets; port 0 takes a free one.",
    ),
    Setting(
        "redaction", "`strict`, `standard`, `off`", "strict", "standard",
        "What may leave. `strict`: only what is known to be harmless. `standard`: everything,"
        " without what looks like somebody's address, number or credential. `off`: everything."
        " [Privacy](privacy.md) tells it in full; the pages are `strict` in any case.",
    ),
    Setting(
        "pseudonym_key", "secret", "", "(a long random text)",
        "The key of `user.hash`. Without it one is derived from the account's developer key.",
        secret=True,
    ),
    Setting(
        "namespace", "text", "", "acme-eu",
        "Part of every trace id: set it where two installations could meet the same session id.",
    ),
    Setting(
        "environment", "text", "", "production",
        "`deployment.environment.name` of every call.",
    ),
    Setting(
        "resource_attributes", "key=value,…", "", "team=voice,region=us%2Deast",
        "More resource attributes for every call, values percent-encoded. In the file also a table."
        " `OTEL_RESOURCE_ATTRIBUTES` describes the daemon itself and is not put on calls.",
    ),
    Setting(
        "error_policy", "`any`, `last`", "any", "last",
        "When a call counts as failed: `any` entry is an error, or the `last` execution has one.",
    ),
    Setting(
        "flavour", "`generic`, `tempo`, `loki`, `jaeger`", "generic", "tempo",
        "Which back end's known limits are taken into account, for both signals. A destination of"
        " the file may have its own.",
    ),
    Setting("traces_flavour", "as `flavour`", "", "jaeger", "The same for traces alone."),
    Setting("logs_flavour", "as `flavour`", "", "loki", "The same for logs alone."),
    Setting(
        "loki_stream_attribute", "text, `off`", "service.instance.id", "service.instance.id",
        "The resource attribute that holds a record's hour where logs have the flavour `loki`,"
        " so that late records are accepted.",
    ),
    Setting(
        "hook_token", "secret", "", "(a long random text)",
        "The token that Plum's post-call web service has to send. Without it the hook is off.",
        secret=True,
    ),
    Setting(
        "shutdown_grace", "duration", "10s", "25s",
        "How long the daemon may deliver on when it is told to stop.",
    ),
    Setting(
        "self_traces", "`on`, `off`", "off", "on",
        "Whether the daemon traces its own work, to where the standard variables say.",
    ),
    Setting(
        "log_level", "`debug`, `info`, `warn`, `error`", "info", "debug",
        "How much the daemon tells on standard error.",
    ),
    Setting("log_format", "`logfmt`, `json`", "logfmt", "json", "How those lines are written."),
)  # fmt: skip

# What only the file can say, in the order in which problems are told.
TABLES = (
    "accounts", "destinations", "rescans", "redaction_rules", "service_names", "severities",
)  # fmt: skip
