"""What commands request from the daemon, and the worker that does it once, also after a crash."""

from fuse_otel.jobs.job import (
    Backfill,
    Drop,
    Erase,
    JobRequest,
    Replay,
    decode_request,
    encode_request,
)
from fuse_otel.jobs.worker import JobWorker

__all__ = [
    "Backfill",
    "Drop",
    "Erase",
    "JobRequest",
    "JobWorker",
    "Replay",
    "decode_request",
    "encode_request",
]
