"""What a command asks of the daemon, and how it is carried out: crash-safe, and once."""

from fuse_otel.jobs.job import Asked, Backfill, Drop, Replay, asked_of, order_of
from fuse_otel.jobs.worker import JobWorker

__all__ = ["Asked", "Backfill", "Drop", "JobWorker", "Replay", "asked_of", "order_of"]
