"""The only place that knows adapters and settings, and joins them."""

from fuse_otel.assembly.parts import open_calls, open_control, open_flows, pseudonym_key
from fuse_otel.assembly.preflight import check_clients, check_online, store_warnings

__all__ = [
    "check_clients",
    "check_online",
    "open_calls",
    "open_control",
    "open_flows",
    "pseudonym_key",
    "store_warnings",
]
