"""What a command asks of the daemon, and how it is carried out: crash-safe, and once."""

from fuse_otel.orders.asked import Asked, Backfill, Drop, Replay, asked_of, order_of
from fuse_otel.orders.clerk import Clerk

__all__ = ["Asked", "Backfill", "Clerk", "Drop", "Replay", "asked_of", "order_of"]
