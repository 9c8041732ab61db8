"""Labels whose values are other people's choice, kept from growing without bound."""

from __future__ import annotations

from threading import Lock

from fuse_otel.instrumentation.masking import mask_digits

OTHER = "#other#"
_LONGEST = 128


class LabelCap:
    """The first ``limit`` values keep their name while the process lives, the rest share one."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._names: dict[str, str] = {}
        self._lock = Lock()

    def __call__(self, value: str) -> str:
        known = self._names.get(value)
        if known is not None:
            return known
        with self._lock:
            if len(self._names) >= self._limit:
                return self._names.get(value, OTHER)
            return self._names.setdefault(value, mask_digits(value)[:_LONGEST])
