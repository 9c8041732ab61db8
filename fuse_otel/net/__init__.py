"""HTTP for the API and the destinations: httpx with an overall deadline and bounded bodies.

Only gRPC code imports ``quiet_grpc``.
"""

from fuse_otel.net._client import client
from fuse_otel.net._deadline import DeadlinePassed, deadline, left
from fuse_otel.net._proxies import Proxies, Proxy
from fuse_otel.net._response import (
    BodyTooLarge,
    believable_wait,
    http_date,
    read_limited,
    retry_after,
    words_of,
)
from fuse_otel.net._trust import check_key_log, default_authorities, default_trust

__all__ = [
    "BodyTooLarge", "DeadlinePassed", "Proxies", "Proxy", "believable_wait", "check_key_log",
    "client", "deadline", "default_authorities", "default_trust", "http_date", "left",
    "read_limited", "retry_after", "words_of",
]  # fmt: skip
