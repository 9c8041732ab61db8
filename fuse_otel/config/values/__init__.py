"""Single values of a configuration: durations, sizes, addresses, options of OTLP."""
