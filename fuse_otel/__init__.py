"""fuse-otel: every call of a Plum Fuse phone application as one OpenTelemetry trace."""

__version__ = "0.1.0"
