"""The fields of OTLP's spans and log records, and where their values come from."""

Rows = tuple[tuple[str, str, str], ...]

SPAN: Rows = (
    ("traceId", "Id of the call.", "the session id, see [ids](#ids)"),
    ("spanId", "0 is the root, then the executions in order.", "the session id and the position"),
    ("parentSpanId", "The root, for an execution.", "the session id"),
    ("name", "See above.", "the application; `data.module_type`, `data.result_variable`"),
    ("kind", "1 INTERNAL, 2 SERVER, 3 CLIENT, 5 CONSUMER.", "the direction; the kind of module"),
    (
        "startTimeUnixNano",
        "Start of the execution. For a call, the earliest known time.",
        "`start` of the list record; `timestamp` of the first entry",
    ),
    (
        "endTimeUnixNano",
        "End of the execution. For a call, the latest known time.",
        "`end` of the list record; the next execution",
    ),
    ("status", "Code 2 and the error message, or unset.", "entries of class `error`"),
    ("links", "Trace contexts in its entries.", "W3C `traceparent`"),
    ("flags", "Sampled, with a parent of this process: 257.", "fixed"),
)
RECORD: Rows = (
    ("timeUnixNano", "Time of the entry.", "`timestamp`, and the position within the second"),
    (
        "observedTimeUnixNano",
        "The same, because the time of reading would differ between exports.",
        "the same",
    ),
    ("severityNumber", "See [severities](#severities).", "`class`; configuration"),
    ("severityText", "The standard word for the number.", "the same"),
    ("body", "The redacted line.", "`line`"),
    ("eventName", "Only for prompts and events.", "`class`"),
    ("traceId", "Id of the call.", "the session id"),
    ("spanId", "The execution that the entry belongs to.", "the session id and the position"),
    ("flags", "Sampled: 1.", "fixed"),
)
