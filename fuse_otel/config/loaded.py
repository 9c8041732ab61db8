"""What loading gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Pydantic takes a while to import; this module is imported to describe, not to load.
    from fuse_otel.config.settings import Settings


@dataclass(frozen=True, slots=True)
class Loaded:
    """``origins``: setting → where it was said, ``default`` if nowhere. ``warnings``: sentences."""

    settings: Settings
    origins: Mapping[str, str]
    warnings: tuple[str, ...]
