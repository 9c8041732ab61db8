"""HTTP for whoever talks to the outside: httpx with an overall deadline and bounded bodies.

``quiet_grpc`` is for who speaks gRPC, and imported by them alone.
"""

from fuse_otel.net._body import BodyTooLarge, read_limited
from fuse_otel.net._client import client
from fuse_otel.net._deadline import DeadlinePassed, deadline, left
from fuse_otel.net._retry_after import http_date, retry_after
from fuse_otel.net._words import words_of

__all__ = [
    "BodyTooLarge", "DeadlinePassed", "client", "deadline", "http_date", "left", "read_limited",
    "retry_after", "words_of",
]  # fmt: skip
