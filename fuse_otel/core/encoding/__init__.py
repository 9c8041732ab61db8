"""Telemetry as OTLP bytes, in every rendering that a lane wants."""
