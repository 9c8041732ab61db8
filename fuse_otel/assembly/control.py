"""The store's control for commands."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fuse_otel.assembly import parts
from fuse_otel.ports import Control

if TYPE_CHECKING:
    from fuse_otel.config.settings import Settings


@contextmanager
def open_control(settings: Settings) -> Iterator[Control]:
    """For reading, also beside a daemon. Raises ``StoreError``."""
    with _opened(settings, read_only=True) as control:
        yield control


@contextmanager
def open_for_jobs(settings: Settings) -> Iterator[Control]:
    """For adding jobs; creates a missing store. Raises ``StoreError``."""
    with _opened(settings, read_only=False) as control:
        yield control


@contextmanager
def _opened(settings: Settings, *, read_only: bool) -> Iterator[Control]:
    store = parts.store(settings, time.time, read_only=read_only)
    try:
        yield store.control
    finally:
        store.close()
