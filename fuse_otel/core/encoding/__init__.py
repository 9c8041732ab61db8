"""Telemetry as OTLP bytes, for every rendering."""
