"""A call as telemetry: one trace, a span for each execution, a log record for each entry."""
