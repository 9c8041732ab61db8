"""The only place that knows adapters and settings, and joins them."""

from fuse_otel.assembly.online import check_online
from fuse_otel.assembly.reading import open_control

__all__ = ["check_online", "open_control"]
