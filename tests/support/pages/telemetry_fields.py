"""The fields of OTLP's spans and log records, and where their values come from."""

Rows = tuple[tuple[str, str, str], ...]

SPAN: Rows = (
    ("traceId", "Of the call.", "the session id, see [ids](#ids)"),
    ("spanId", "0 the root, then the executions in order.", "the session id and the place"),
    ("parentSpanId", "Of an execution: the root.", "the session id"),
    ("name", "See above.", "the application; `data.module_type`, `data.result_variable`"),
    ("kind", "1 INTERNAL, 2 SERVER, 3 CLIENT, 5 CONSUMER.", "the direction; the kind of module"),
    (
        "startTimeUnixNano",
        "Of a call the earliest time that is known.",
        "`start` of the list record; `timestamp` of the first entry",
    ),
    (
        "endTimeUnixNano",
        "Of a call the latest time that is known.",
        "`end` of the list record; the next execution",
    ),
    ("status", "Code 2 and what happened, or nothing.", "entries of class `error`"),
    ("links", "Trace contexts that stand in its entries.", "W3C `traceparent`"),
    ("flags", "Sampled, with a parent of this process: 257.", "fixed"),
)
RECORD: Rows = (
    ("timeUnixNano", "When it happened.", "`timestamp`, and the place within the second"),
    ("observedTimeUnixNano", "The same: the time of reading would differ.", "the same"),
    ("severityNumber", "See [severities](#severities).", "`class`; configuration"),
    ("severityText", "The word of the number.", "the same"),
    ("body", "The line, as far as it may leave.", "`line`"),
    ("eventName", "Of prompts and events.", "`class`"),
    ("traceId", "Of the call.", "the session id"),
    ("spanId", "Of the execution that the entry belongs to.", "the session id and the place"),
    ("flags", "Sampled: 1.", "fixed"),
)
