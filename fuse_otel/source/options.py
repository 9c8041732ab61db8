"""How to reach the API."""

from __future__ import annotations

from dataclasses import dataclass, field

from fuse_otel import __version__


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """``url`` is the base of the three endpoints. ``deadline``: seconds a request may take in all;
    ``max_bytes``: how long a decoded answer may be.
    """

    url: str
    email: str = field(repr=False)
    developer_key: str = field(repr=False)
    deadline: float = 60.0
    max_bytes: int = 32 * 1024 * 1024
    user_agent: str = f"fuse-otel/{__version__}"
