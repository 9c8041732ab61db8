"""The store's reading door for commands."""

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
    """The store of the configured daemon, read beside it. Raises ``StoreError``."""
    with _opened(settings, read_only=True) as control:
        yield control


@contextmanager
def open_orders(settings: Settings) -> Iterator[Control]:
    """The store, to leave an order in it; made if it is not there. Raises ``StoreError``."""
    with _opened(settings, read_only=False) as control:
        yield control


@contextmanager
def _opened(settings: Settings, *, read_only: bool) -> Iterator[Control]:
    store = parts.store(settings, time.time, read_only=read_only)
    try:
        yield store.control
    finally:
        store.close()
