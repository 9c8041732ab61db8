"""The store's control for commands."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from fuse_otel.assembly import parts
from fuse_otel.ports import Control

if TYPE_CHECKING:
    from fuse_otel.config.settings import Settings


@contextmanager
def open_control(settings: Settings, *, read_only: bool = True) -> Iterator[Control]:
    """For reading, also beside a daemon. Without ``read_only`` for adding jobs too: it creates a
    missing store. Raises ``StoreError``.
    """
    with closing(parts.store(settings, time.time, read_only=read_only)) as store:
        yield store.control
