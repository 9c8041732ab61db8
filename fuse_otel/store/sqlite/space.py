"""Giving disk space back: the file of an outbox that was large once gets small again."""

from __future__ import annotations

import sqlite3

# Free pages that stay for the next bodies: 8 MiB of SQLite's stock pages.
KEPT_PAGES = 2_048
# More than a transaction usually sets free, so that the file shrinks faster than it empties;
# few enough to take milliseconds.
STEP_PAGES = 1_024


def give_back(connection: sqlite3.Connection) -> None:
    """One small step, inside the caller's transaction."""
    (free,) = connection.execute("pragma freelist_count").fetchone()
    for _ in range(min(free - KEPT_PAGES, STEP_PAGES)):
        # SQLite frees a page a step, and Python's module takes one step of a statement without
        # columns, whatever number stands here.
        connection.execute("pragma incremental_vacuum(1)")
