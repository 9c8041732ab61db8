"""How single values are written in a configuration: durations, sizes, addresses, OTLP's options."""
