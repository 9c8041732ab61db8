"""The daemon seen from outside: metrics, its log, its own traces. All are subscribers of events,
and none of them decides anything.

Import the subscribers from their own files: ``metrics`` needs prometheus_client and
``self_traces`` the OpenTelemetry SDK, and neither belongs into a command that uses it not.
"""

from fuse_otel.instrumentation.fan_out import fan_out

__all__ = ["fan_out"]
