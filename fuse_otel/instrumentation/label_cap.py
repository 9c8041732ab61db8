"""Limits labels whose values come from outside, so that no author of an application and no peer can
make the number of series grow without end.
"""

from __future__ import annotations

from threading import Lock

from fuse_otel.core.redaction.masks import mask_digits

OTHER = "#other#"
_LONGEST = 128


class LabelCap:
    """The first ``limit`` combinations of values keep their names while the process lives. In all
    others, the values behind the first ``kept`` ones become ``#other#``. The ``kept`` values have
    to be limited already. For any number of threads.
    """

    def __init__(self, limit: int, *, kept: int = 0) -> None:
        self._limit = limit
        self._kept = kept
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._lock = Lock()

    def __call__(self, *values: str) -> tuple[str, ...]:
        known = self._names.get(values)
        if known is not None:
            return known
        first, rest = values[: self._kept], values[self._kept :]
        with self._lock:
            if len(self._names) >= self._limit:
                return self._names.get(values, (*first, *(OTHER for _ in rest)))
            names = (mask_digits(value)[:_LONGEST] for value in rest)
            return self._names.setdefault(values, (*first, *names))
